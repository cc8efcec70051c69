"""ResNet-18 on TuSimple, 368x640, without SAD: the paper's baseline.

Run:      lanedet train sad/resnet18_plain_tusimple
Expected: not known. The paper's number could not be checked, so none is given, and we
          have not measured it. With resnet18_plain_tusimple_modern.py others report
          94.18 %.

resnet18_sad_tusimple.py without SAD.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_tusimple import *

model.update(distiller=None)

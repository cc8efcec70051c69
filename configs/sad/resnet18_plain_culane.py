"""ResNet-18 on CULane, 288x800, without SAD: the paper's baseline.

Run:      lanedet train sad/resnet18_plain_culane
Expected: not known. The paper's number could not be checked, so none is given, and we
          have not measured it. With resnet18_plain_culane_modern.py others report
          65.19 %.

resnet18_sad_culane.py without SAD.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_culane import *

model.update(distiller=None)

"""ResNet-34 on CULane, 288x800, without SAD: the paper's baseline.

Run:      lanedet train sad/resnet34_plain_culane
Expected: not known. The paper's number could not be checked, so none is given, and we
          have not measured it. With resnet34_plain_culane_modern.py others report
          69.82 %.

resnet34_sad_culane.py without SAD.
"""

from mmengine.config import read_base

with read_base():
    from .resnet34_sad_culane import *

model.update(distiller=None)

"""ResNet-18 on CULane, 288x800, without SAD, by a stronger recipe than the paper's.

Run:      lanedet train sad/resnet18_plain_culane_modern --amp
Expected: F1 65.19 %, the mean of the runs that
          https://github.com/voldemortX/pytorch-auto-drive reports. We have not measured
          it.

resnet18_sad_culane_modern.py without SAD.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_culane_modern import *

model.update(distiller=None)

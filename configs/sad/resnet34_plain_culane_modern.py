"""ResNet-34 on CULane, 288x800, without SAD, by a stronger recipe than the paper's.

Run:      lanedet train sad/resnet34_plain_culane_modern --amp
Expected: F1 69.82 %, the mean of the runs that
          https://github.com/voldemortX/pytorch-auto-drive reports. We have not measured
          it.

resnet34_sad_culane_modern.py without SAD.
"""

from mmengine.config import read_base

with read_base():
    from .resnet34_sad_culane_modern import *

model.update(distiller=None)

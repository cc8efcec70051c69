"""ResNet-18 on TuSimple, 368x640, without SAD, by a stronger recipe than the paper's.

Run:      lanedet train sad/resnet18_plain_tusimple_modern --amp
Expected: accuracy 94.18 %, the mean of the runs that
          https://github.com/voldemortX/pytorch-auto-drive reports. We have not measured
          it.

resnet18_sad_tusimple_modern.py without SAD.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_tusimple_modern import *

model.update(distiller=None)

"""ResNet-34 on TuSimple, 368x640, without SAD, by a stronger recipe than the paper's.

Run:      lanedet train sad/resnet34_plain_tusimple_modern --amp
Expected: accuracy 95.23 %, the mean of the runs that
          https://github.com/voldemortX/pytorch-auto-drive reports. We have not measured
          it.

resnet34_sad_tusimple_modern.py without SAD.
"""

from mmengine.config import read_base

with read_base():
    from .resnet34_sad_tusimple_modern import *

model.update(distiller=None)

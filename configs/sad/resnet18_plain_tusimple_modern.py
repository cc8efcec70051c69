"""ResNet-18 on TuSimple, 368x640, without SAD: a stronger recipe (--amp).

Expected: accuracy 94.18 %, the mean of pytorch-auto-drive's runs.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_tusimple_modern import *

model.update(distiller=None)

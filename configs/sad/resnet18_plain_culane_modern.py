"""ResNet-18 on CULane, 288x800, without SAD: a stronger recipe (--amp).

Expected: F1 65.19 %, the mean of pytorch-auto-drive's runs.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_culane_modern import *

model.update(distiller=None)

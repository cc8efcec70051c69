"""ResNet-34 with SAD on CULane, 288x800, by a stronger recipe (--amp)."""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_culane_modern import *

model["backbone"].update(depth=34)

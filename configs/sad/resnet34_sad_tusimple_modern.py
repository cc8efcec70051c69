"""ResNet-34 with SAD on TuSimple, 368x640, by a stronger recipe (--amp)."""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_tusimple_modern import *

model["backbone"].update(depth=34)

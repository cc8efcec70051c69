"""ResNet-34 with SAD on TuSimple, 368x640, as far as the paper says."""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_tusimple import *

model["backbone"].update(depth=34)

"""A line head on ResNet-34, without SAD, on TuSimple, 320x800."""

from mmengine.config import read_base

with read_base():
    from .resnet18_plain_tusimple import *

model["backbone"].update(depth=34)

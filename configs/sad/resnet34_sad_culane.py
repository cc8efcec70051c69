"""ResNet-34 with SAD on CULane, 288x800, as far as the paper says."""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_culane import *

model["backbone"].update(depth=34)

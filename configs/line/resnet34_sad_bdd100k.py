"""A line head on ResNet-34, with SAD, on BDD100K, 360x640."""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_bdd100k import *

model["backbone"].update(depth=34)

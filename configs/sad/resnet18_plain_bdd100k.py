"""ResNet-18 on BDD100K, 360x640, without SAD: the paper's baseline."""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_bdd100k import *

model.update(distiller=None)

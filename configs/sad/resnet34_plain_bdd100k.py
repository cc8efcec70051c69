"""ResNet-34 on BDD100K, 360x640, without SAD: the paper's baseline."""

from mmengine.config import read_base

with read_base():
    from .resnet34_sad_bdd100k import *

model.update(distiller=None)

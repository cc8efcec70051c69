"""ResNet-34 on CULane, 288x800, without SAD: the paper's baseline."""

from mmengine.config import read_base

with read_base():
    from .resnet34_sad_culane import *

model.update(distiller=None)

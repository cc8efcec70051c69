"""ResNet-34 on TuSimple, 368x640, without SAD: the paper's baseline."""

from mmengine.config import read_base

with read_base():
    from .resnet34_sad_tusimple import *

model.update(distiller=None)

"""A line head on ENet's encoder, without SAD, on CULane, 320x800."""

from mmengine.config import read_base

with read_base():
    from .enet_sad_culane import *

model.update(distiller=[_segmentation])

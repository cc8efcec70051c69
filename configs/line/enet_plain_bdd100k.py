"""A line head on ENet's encoder, without SAD, on BDD100K, 360x640."""

from mmengine.config import read_base

with read_base():
    from .enet_sad_bdd100k import *

model.update(distiller=[_segmentation])

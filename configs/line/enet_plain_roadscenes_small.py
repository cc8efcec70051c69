"""A line head on ENet's encoder, without SAD, on RoadScenes, 144x400, for a CPU."""

from mmengine.config import read_base

with read_base():
    from .enet_sad_roadscenes_small import *

model.update(distiller=[_segmentation])

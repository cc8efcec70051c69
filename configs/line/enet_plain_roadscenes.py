"""A line head on ENet's encoder, without SAD, on RoadScenes, 288x800."""

from mmengine.config import read_base

with read_base():
    from .enet_sad_roadscenes import *

model.update(distiller=[_segmentation])

"""A line head on ENet's encoder, without SAD, on RoadScenes, 288x800.

Run:      lanedet train line/enet_plain_roadscenes
Expected: not measured.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_roadscenes import *

model.update(distiller=[_segmentation])

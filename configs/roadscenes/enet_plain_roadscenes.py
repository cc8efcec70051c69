"""ENet without SAD and its stage E4 on RoadScenes, 288x800."""

from mmengine.config import read_base

with read_base():
    from .enet_sad_roadscenes import *

model.update(backbone=dict(extra_stage=False), distiller=None)
model["head"]["existence_branch"].update(stage="E3")

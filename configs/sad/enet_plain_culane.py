"""ENet on CULane, 288x800, without SAD and its stage E4: the paper's baseline."""

from mmengine.config import read_base

with read_base():
    from .enet_sad_culane import *

model.update(backbone=dict(extra_stage=False), distiller=None)
model["head"]["existence_branch"].update(stage="E3")

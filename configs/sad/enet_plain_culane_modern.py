"""ENet on CULane, 288x800, without SAD and its stage E4: a stronger recipe (--amp).

Expected: F1 69.39 %, the mean of pytorch-auto-drive's runs.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_culane_modern import *

model.update(backbone=dict(extra_stage=False), distiller=None)
model["head"]["existence_branch"].update(stage="E3")

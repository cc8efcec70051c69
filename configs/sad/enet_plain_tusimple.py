"""ENet on TuSimple, 368x640, without SAD and its stage E4: the paper's baseline.

With further steps behind it 94.87 %: ENet-TuSimple-Torch in
https://github.com/cardwing/Codes-for-Lane-Detection.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_tusimple import *

model.update(backbone=dict(extra_stage=False), distiller=None)
model["head"]["existence_branch"].update(stage="E3")

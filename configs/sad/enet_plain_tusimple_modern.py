"""ENet on TuSimple, 368x640, without SAD and its stage E4: a stronger recipe (--amp).

Expected: accuracy 95.55 %, the mean of pytorch-auto-drive's runs.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_tusimple_modern import *

model.update(backbone=dict(extra_stage=False), distiller=None)
model["head"]["existence_branch"].update(stage="E3")

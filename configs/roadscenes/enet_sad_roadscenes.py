"""ENet-SAD on RoadScenes, 288x800.

The recipe is that of configs/sad/enet_sad_scenes.py, longer.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.roadscenes import *
    from .._base_.default_runtime import *
    from .._base_.models.enet_sad import *
    from .._base_.schedules.adamw import *

model.update(view=_view)
model["head"].update(num_lanes=_num_lanes)
model["distiller"].update(weight=0.02, start=0.5, ramp=0.2)
train_cfg.update(max_iters=7_500, val_interval=750)  # 12 epochs
default_hooks["checkpoint"].update(save_best="culane/f1")

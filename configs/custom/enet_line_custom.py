"""A line head with SAD on your own pictures, 288x512, any number of lanes.

A picture may have as many lanes as it has: labels know no slots, and the best 8 that
are found are kept (``num_slots``). Data and recipe are those of
enet_sad_custom.py, with twice the iterations: lines are learned late. docs/heads.md
tells the heads apart.
"""

from mmengine.config import read_base

from lanedet.datasets import EncodeLines, RasterizeLaneMask

with read_base():
    from .enet_sad_custom import *
    from .._base_.models.enet_line import *

model.update(view=_view)
model["head"].update(curved_sketch=True)
_labels = dict(type=RasterizeLaneMask, lane_width_px=7)
_lines = dict(type=EncodeLines)
train_dataloader["dataset"].update(
    pipeline=[_load_image, _apply_view, _augment, _labels, _lines, _to_tensors],
)
train_cfg.update(max_iters=6000, val_interval=500)
default_hooks["checkpoint"].update(interval=500)

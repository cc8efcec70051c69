"""A line head on ENet's encoder, with SAD, on RoadScenes, 144x400, for a CPU.

Data, size and recipe are those of ../roadscenes/enet_sad_roadscenes_small.py, with
twice the iterations. At this size the levels begin at stride 4: to lie a pixel aside is
to miss a lane. enet_plain_roadscenes_small.py is what to compare it with.
"""

from mmengine.config import read_base

from lanedet.datasets import EncodeLines, RasterizeLaneMask

with read_base():
    from ..roadscenes.enet_sad_roadscenes_small import *
    from .._base_.models.enet_line import *

model.update(view=dict(_view, input_shape=(144, 400)))
model["head"].update(
    stages=dict(E1=dict(stride=4, offset=1.5), E4=dict(stride=8, offset=3.5)),
    num_extra_levels=1,
    hidden_channels=96,
)
_labels = dict(type=RasterizeLaneMask, lane_width_px=4)
_lines = dict(type=EncodeLines)
train_dataloader["dataset"].update(
    pipeline=[_load_image, _apply_view, _augment, _labels, _lines, _to_tensors],
)
train_cfg.update(max_iters=6_000, val_interval=600)  # 12 epochs of 4,000 scenes

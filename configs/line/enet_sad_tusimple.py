"""A line head on ENet's encoder, with SAD, on TuSimple, 320x800.

Published: F1 97.94 for Polar R-CNN with ResNet-18 and without SAD (its README). Of
ENet, SAD and a line head together nothing is.

Of the image the top 160 of 720 rows are cut off, as CLRNet and its kin do. 70 epochs of
3,268 frames. The benchmark's program counts an image with more lanes than labelled + 2
as without any: here at most the best 5 are kept.
"""

from mmengine.config import read_base

from lanedet.datasets import RasterizeLaneMask
from lanedet.ops import StretchView

with read_base():
    from .._base_.datasets.tusimple import *
    from .._base_.datasets.lines import *
    from .._base_.default_runtime import *
    from .._base_.models.enet_line import *
    from .._base_.schedules.line import *

_view = dict(type=StretchView, input_shape=(320, 800), crop_top=160 / 720)
model.update(view=_view)
model["head"].update(num_slots=5)
_labels = dict(type=RasterizeLaneMask, lane_width_px=8)
_apply_view["motion"] = _line_motion
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader.update(batch_size=40, num_workers=8)
train_dataloader["dataset"].update(
    pipeline=[_load_image, _apply_view, _augment, _labels, _lines, _to_tensors],
)
train_cfg.update(max_iters=5_740, val_interval=410)  # 70 epochs

"""A line head on ENet's encoder, with SAD, on CULane, 320x800.

Published: F1 80.81 for Polar R-CNN and 79.73 for SRLane, both with ResNet-18 and
without SAD (their READMEs). Of ENet, SAD and a line head together nothing is.

Of the image the top 270 of 590 rows are cut off, as CLRNet and its kin do. 32 epochs of
88,880 images, as Polar R-CNN (_base_/schedules/line.py).
"""

from mmengine.config import read_base

from lanedet.datasets import RasterizeLaneMask
from lanedet.ops import StretchView

with read_base():
    from .._base_.datasets.culane import *
    from .._base_.datasets.lines import *
    from .._base_.default_runtime import *
    from .._base_.models.enet_line import *
    from .._base_.schedules.line import *

_view = dict(type=StretchView, input_shape=(320, 800), crop_top=270 / 590)
model.update(view=_view)
_load_image.update(shrink=1)  # below the cut the network sees more than half the size
_labels = dict(type=RasterizeLaneMask, lane_width_px=8)
_apply_view["motion"] = _line_motion
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader.update(batch_size=40, num_workers=8)
train_dataloader["dataset"].update(
    pipeline=[_load_image, _apply_view, _augment, _labels, _lines, _to_tensors],
)
train_cfg.update(max_iters=71_104, val_interval=2_222)  # 32 epochs
default_hooks["checkpoint"].update(save_best="culane/f1")

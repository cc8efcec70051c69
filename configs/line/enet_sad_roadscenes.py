"""A line head on ENet's encoder, with SAD, on RoadScenes, 288x800.

48 epochs of 10,000 scenes: proposals learn later than pixels do.
"""

from mmengine.config import read_base

from lanedet.datasets import EncodeLines, RasterizeLaneMask

with read_base():
    from .._base_.datasets.roadscenes import *
    from .._base_.default_runtime import *
    from .._base_.models.enet_line import *
    from .._base_.schedules.line import *

model.update(view=_view)
_labels = dict(type=RasterizeLaneMask, lane_width_px=8)
_lines = dict(type=EncodeLines)
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader.update(batch_size=40, num_workers=8)
train_dataloader["dataset"].update(
    pipeline=[_load_image, _apply_view, _augment, _labels, _lines, _to_tensors],
)
train_cfg.update(max_iters=12_000, val_interval=1_000)  # 48 epochs
default_hooks["checkpoint"].update(save_best="culane/f1")

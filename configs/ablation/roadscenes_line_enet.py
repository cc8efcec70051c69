"""A line head on ENet's encoder, 64x176: {auxiliary segmentation, none} x {SAD, none}.

Run:  lanedet ablate ablation/roadscenes_line_enet --seeds 3

roadscenes_enet.py with a line head, and longer: proposals learn later than pixels do.
SAD lets stages mimic one another's attention. Under a segmentation head deep attention
must follow the lanes; under a line head nothing forces it to, as features are gathered
along the lines. So the rows differ in whether E4 is also trained to segment lanes, by a
1x1 convolution that prediction never sees.
"""

from mmengine.config import read_base

from lanedet.datasets import EncodeLines, RasterizeLaneMask
from lanedet.models import DeepSupervision, ENet, LaneDetector, LineHead

with read_base():
    from .roadscenes_enet import *

_num_rows = 36
train_dataloader["dataset"]["pipeline"][3:4] = [
    dict(type=RasterizeLaneMask, lane_width_px=3),
    dict(type=EncodeLines, num_rows=_num_rows),
]

_num_slots = 8
model = dict(
    type=LaneDetector,
    backbone=dict(type=ENet, decoder=False),
    head=dict(
        type=LineHead,
        # Where an image is small, the finest stage counts: to lie a pixel beside a lane
        # is to miss it.
        stages=dict(
            E1=dict(channels=64, stride=4, offset=1.5),
            E4=dict(channels=128, stride=8, offset=3.5),
        ),
        num_extra_levels=1,
        num_rows=_num_rows,
        num_slots=_num_slots,
        hidden_channels=96,
        num_points=18,
    ),
    view=_view,
)
visualizer.update(num_slots=_num_slots)

_max_iters = 3_600
train_cfg.update(max_iters=_max_iters, val_interval=_max_iters)
param_scheduler[0].update(total_steps=_max_iters)

_segmentation = dict(type=DeepSupervision, stages=dict(E4=128), num_lanes=1, weight=1.0)
_sad = _rows["SAD"]
_rows = {
    "plain": None,
    "SAD": _sad,
    "segmentation": _segmentation,
    "segmentation + SAD": [_segmentation, _sad],
}

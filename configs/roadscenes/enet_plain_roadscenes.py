"""ENet without SAD on RoadScenes, 288x800.

Run:      lanedet train roadscenes/enet_plain_roadscenes
Expected: not measured yet.

What to compare enet_sad_roadscenes.py with: the recipe is the same. As in the paper's
Fig. 3 (https://arxiv.org/abs/1908.00821), SAD adds a stage E4 to the network. For what
it does beyond that, train the other with --cfg-options model.distiller=None.
"""

from mmengine.config import read_base
from mmengine.optim import OneCycleLR, OptimWrapper
from torch.optim import AdamW

from lanedet.engine import LaneTrainLoop
from lanedet.models import (
    ENet,
    ExistenceBranch,
    LaneDetector,
    LaneSegmentationHead,
    TransposedConvClassifier,
)

with read_base():
    from .._base_.datasets.roadscenes import *
    from .._base_.default_runtime import *

model = dict(
    type=LaneDetector,
    backbone=dict(type=ENet, extra_stage=False),
    head=dict(
        type=LaneSegmentationHead,
        num_lanes=_num_lanes,
        seg_stage="D2",
        classifier=dict(type=TransposedConvClassifier, in_channels=16),
        existence_branch=dict(
            type=ExistenceBranch,
            stage="E3",
            in_channels=128,
            input_shape=_view["input_shape"],
        ),
    ),
    view=_view,
)

_max_iters = 7_500  # 12 epochs
_lr = 3e-3
train_cfg = dict(type=LaneTrainLoop, max_iters=_max_iters, val_interval=750)
optim_wrapper = dict(
    type=OptimWrapper,
    optimizer=dict(type=AdamW, lr=_lr, weight_decay=1e-2),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(
        type=OneCycleLR,
        eta_max=_lr,
        total_steps=_max_iters,
        pct_start=0.1,
        by_epoch=False,
    )
]
default_hooks.update(checkpoint=dict(save_best="culane/f1"))
visualizer.update(num_slots=_num_lanes)

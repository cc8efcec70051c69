"""ENet-SAD on generated scenes, 192x320: small enough for a few minutes on a CPU.

Run:  python tools/make_scenes.py data/scenes --num 1500 --seed 0
      python tools/train.py configs/sad/enet_sad_scenes.py

This is what `make demo` trains. The recipe is not the paper's: a short run wants a
higher learning rate with warm-up, and SAD begins at half time with a ramp.
"""

from mmengine.config import read_base
from mmengine.optim import LinearLR, OptimWrapper, PolyLR
from torch.optim import SGD

from lanedet.engine import LaneTrainLoop
from lanedet.models import (
    ENet,
    ExistenceBranch,
    LaneDetector,
    LaneSegmentationHead,
    SelfAttentionDistiller,
)

with read_base():
    from .._base_.datasets.scenes import *
    from .._base_.default_runtime import *

model = dict(
    type=LaneDetector,
    backbone=dict(type=ENet),
    head=dict(
        type=LaneSegmentationHead,
        num_lanes=_num_lanes,
        in_channels=16,
        seg_stage="D2",
        existence_stage="E4",
        existence_branch=dict(
            type=ExistenceBranch, in_channels=128, input_shape=_view["input_shape"]
        ),
        decoder=dict(smoothing=5, row_step=2),
    ),
    distiller=dict(
        type=SelfAttentionDistiller,
        paths=[("E2", "E3"), ("E3", "E4")],
        weight=0.1,
        start=0.5,
        ramp=0.1,
    ),
    view=_view,
)

_max_iters = 500
train_cfg = dict(type=LaneTrainLoop, max_iters=_max_iters, val_interval=250)
optim_wrapper = dict(
    type=OptimWrapper,
    optimizer=dict(type=SGD, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4),
    clip_grad=dict(max_norm=10.0),
)
param_scheduler = [
    dict(type=LinearLR, start_factor=0.05, begin=0, end=30, by_epoch=False),
    dict(type=PolyLR, power=0.9, eta_min=0.0, begin=30, end=_max_iters, by_epoch=False),
]
default_hooks.update(checkpoint=dict(interval=100))

r"""ENet-SAD on scenes of all categories, 192x336, for use on real roads.

Run:      lanedet scenes data/diverse --num 12000 --seed 1 \
              --category diverse
          lanedet train sad/enet_sad_diverse
Expected: not known from nothing. The package's weights, from runs of it one after the
          other, reach accuracy 0.918 on 63 real frames (docs/results.md).

The recipe is that of enet_sad_scenes.py, longer, with strong augmentation.
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
    SelfAttentionDistiller,
    TransposedConvClassifier,
)
from lanedet.ops import LaneDecoder

with read_base():
    from .._base_.datasets.diverse_scenes import *
    from .._base_.default_runtime import *

model = dict(
    type=LaneDetector,
    backbone=dict(type=ENet),
    head=dict(
        type=LaneSegmentationHead,
        num_lanes=_num_lanes,
        seg_stage="D2",
        classifier=dict(type=TransposedConvClassifier, in_channels=16),
        existence_branch=dict(
            type=ExistenceBranch,
            stage="E4",
            in_channels=128,
            input_shape=_view["input_shape"],
        ),
        decoder=dict(type=LaneDecoder, smoothing=9, row_step=2, stiffness=0.15),
    ),
    distiller=dict(
        type=SelfAttentionDistiller,
        paths=[("E2", "E3"), ("E3", "E4")],
        weight=0.02,
        start=0.5,
        ramp=0.2,
    ),
    view=_view,
)

_max_iters = 4000
_lr = 3e-3
train_cfg = dict(type=LaneTrainLoop, max_iters=_max_iters, val_interval=2000)
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
default_hooks.update(checkpoint=dict(interval=250))

r"""ENet-SAD on your own pictures, 288x512, any number of lanes.

Run:      lanedet convert pictures/ --from labelme --to tusimple \
              --out data/custom
          lanedet train custom/enet_sad_custom
Expected: it depends on your pictures; there is nothing to compare it with.

The number of lanes is ``_num_lanes`` in configs/_base_/datasets/custom.py, the length
of the training ``_max_iters`` below. The recipe is that of enet_sad_scenes.py, whose
docstring says why it is not the paper's. docs/custom-data.md walks through all of it.
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
    from .._base_.datasets.custom import *
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
        decoder=dict(type=LaneDecoder, smoothing=5, row_step=2),
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

_max_iters = 3000
_lr = 4e-3
train_cfg = dict(type=LaneTrainLoop, max_iters=_max_iters, val_interval=250)
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
        pct_start=0.15,
        by_epoch=False,
    )
]
default_hooks.update(checkpoint=dict(interval=250))

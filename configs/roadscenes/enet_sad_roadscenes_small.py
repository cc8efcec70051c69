"""ENet-SAD on RoadScenes, 144x400, small enough for a CPU.

Run:      lanedet train roadscenes/enet_sad_roadscenes_small
Expected: not measured yet.

The recipe is that of enet_sad_scenes.py, longer: AdamW, and for it a weight of SAD of
0.02 rather than the paper's 0.1 (https://arxiv.org/abs/1908.00821).
enet_plain_roadscenes_small.py is what to compare it with.

Training sees the first 4,000 scenes, validation the first 200. The test scenes are
those of the other configs, at half the resolution.
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
from lanedet.ops import LaneDecoder, StretchView

with read_base():
    from .._base_.datasets.roadscenes import *
    from .._base_.default_runtime import *

_view = dict(type=StretchView, input_shape=(144, 400))
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader["dataset"]["pipeline"][1]["view"] = _view
    _loader.update(batch_size=8, num_workers=1)
train_dataloader["dataset"]["pipeline"][3]["lane_width_px"] = 4
train_dataloader["dataset"]["num_scenes"] = 4_000
val_dataloader["dataset"]["num_scenes"] = 200

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

_max_iters = 3_000  # 6 epochs of 4,000 scenes
_lr = 3e-3
train_cfg = dict(type=LaneTrainLoop, max_iters=_max_iters, val_interval=300)
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

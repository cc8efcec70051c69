"""Does SAD help on RoadScenes? ENet at 64x176, plain and with SAD.

Run:  OMP_NUM_THREADS=1 lanedet ablate ablation/roadscenes_enet \
          --seeds 3

Less than a quarter of the benchmark's resolution, 3,200 of its 10,000 training scenes,
and 1,200 iterations of 4 images: what two CPU cores can do for three networks in two
hours. In 400 iterations of 8 images ENet learned to find no lane at all.
roadscenes_resnet18.py and roadscenes_resnet34.py are the same experiment with other
networks. The test set is the whole one of configs/roadscenes/, and so are the rules.

SAD begins half-way, from a checkpoint of the plain run of the same seed, and grows to
its weight within a fifth of the training. As in configs/roadscenes/, the weight is 0.02
rather than the 0.1 of https://arxiv.org/abs/1908.00821, which is too much with AdamW.
The plain ENet has SAD's extra stage too: the rows differ in SAD alone.
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

_view = dict(type=StretchView, input_shape=(64, 176))
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader["dataset"]["pipeline"][1]["view"] = _view
    _loader.update(batch_size=8, num_workers=0, persistent_workers=False)
train_dataloader.update(batch_size=4)
train_dataloader["dataset"]["pipeline"][3]["lane_width_px"] = 3
train_dataloader["dataset"]["num_scenes"] = 3_200

_decoder = dict(type=LaneDecoder, smoothing=3, row_step=1)
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
        decoder=_decoder,
    ),
    view=_view,
)

_max_iters = 1_200
_lr = 3e-3
train_cfg = dict(type=LaneTrainLoop, max_iters=_max_iters, val_interval=_max_iters)
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
visualizer.update(num_slots=_num_lanes)

_rows = {
    "plain": None,
    "SAD": dict(
        type=SelfAttentionDistiller,
        paths=[("E2", "E3"), ("E3", "E4")],
        weight=0.02,
        start=0.5,
        ramp=0.2,
    ),
}

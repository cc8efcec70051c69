"""ENet-SAD on CULane, 288x800, as in the paper (https://arxiv.org/abs/1908.00821).

Run:      lanedet train sad/enet_sad_culane
Expected: F1 70.8 % is what the paper reports, as in
          https://github.com/InhwanBae/ENet-SAD_Pytorch. We have not measured it. The
          72.0 % of the authors' repository belong to other inputs: 208x976 without the
          upper part of the image.

Section 4 of the paper and its authors' scripts: SGD with Nesterov momentum 0.9, weight
decay 1e-4, learning rate 0.01 falling by the power 0.9, batch 12, 60,000 iterations,
SAD from iteration 40,000 on (Fig. 2). Where the paper is silent or does not train: the
energies are standardised (lanedet/models/distillation/sad.py says why).

The network is the paper's Fig. 3: ENet with a fourth encoder stage, E4, and the
existence branch P1 reads E4. The maps of E2 mimic those of E3, and those of E3 those of
E4, as the first author says
(https://github.com/cardwing/Codes-for-Lane-Detection/issues/150).
"""

from mmengine.config import read_base
from mmengine.optim import OptimWrapper, PolyLR
from torch.optim import SGD

from lanedet.engine import LaneTrainLoop
from lanedet.models import (
    ENet,
    ExistenceBranch,
    LaneDetector,
    LaneSegmentationHead,
    SelfAttentionDistiller,
    TransposedConvClassifier,
)

with read_base():
    from .._base_.datasets.culane import *
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
    ),
    distiller=dict(
        type=SelfAttentionDistiller,
        paths=[("E2", "E3"), ("E3", "E4")],
        weight=0.1,
        start=2 / 3,
    ),
    view=_view,
    # RGB in [0, 255]; the authors' numbers, which are in [0, 1].
    mean=(91.75, 93.15, 93.38),
    std=(65.61, 67.91, 70.28),
)

_max_iters = 60_000
train_cfg = dict(type=LaneTrainLoop, max_iters=_max_iters, val_interval=5000)
optim_wrapper = dict(
    type=OptimWrapper,
    optimizer=dict(type=SGD, lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-4),
)
param_scheduler = [
    dict(type=PolyLR, power=0.9, eta_min=0.0, begin=0, end=_max_iters, by_epoch=False)
]
default_hooks.update(checkpoint=dict(save_best="culane/f1"))
visualizer.update(num_slots=_num_lanes)

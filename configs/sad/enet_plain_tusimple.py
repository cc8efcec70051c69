"""ENet on TuSimple, 368x640, without SAD: the paper's baseline.

Run:      lanedet train sad/enet_plain_tusimple
Expected: not known. The paper's number could not be checked, so none is given, and we
          have not measured it. The authors' own plain ENet has 94.87 % with further
          steps behind it (https://github.com/cardwing/Codes-for-Lane-Detection,
          ENet-TuSimple-Torch). With enet_plain_tusimple_modern.py others report
          95.55 %.

The recipe is that of enet_sad_tusimple.py, after section 4 of the paper
(https://arxiv.org/abs/1908.00821) and its authors' scripts: SGD with Nesterov momentum
0.9, weight decay 1e-4, learning rate 0.01 falling by the power 0.9, batch 12, 1,800
iterations.

The network is ENet (https://arxiv.org/abs/1606.02147) without the stage E4 of Fig. 3;
the existence branch reads E3. For what SAD does beyond E4, train enet_sad_tusimple.py
with --cfg-options model.distiller=None.
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
    TransposedConvClassifier,
)

with read_base():
    from .._base_.datasets.tusimple import *
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
    # RGB in [0, 255]; the authors' numbers, which are in [0, 1].
    mean=(91.75, 93.15, 93.38),
    std=(65.61, 67.91, 70.28),
)

_max_iters = 1800
train_cfg = dict(type=LaneTrainLoop, max_iters=_max_iters, val_interval=300)
optim_wrapper = dict(
    type=OptimWrapper,
    optimizer=dict(type=SGD, lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-4),
)
param_scheduler = [
    dict(type=PolyLR, power=0.9, eta_min=0.0, begin=0, end=_max_iters, by_epoch=False)
]

"""ENet on BDD100K, 360x640, without SAD: the paper's baseline.

Run:      lanedet train sad/enet_plain_bdd100k
Expected: accuracy 34.12 %, IoU 14.64 % is what the paper reports, as in
          https://github.com/hustvl/YOLOP. We have not measured it. Here they are
          sad_accuracy and sad_iou.

The recipe is that of enet_sad_bdd100k.py, after section 4 of the paper
(https://arxiv.org/abs/1908.00821) and its authors' scripts: SGD with Nesterov momentum
0.9, weight decay 1e-4, learning rate 0.01 falling by the power 0.9, batch 12, 60,000
iterations. The batch is that of the other data sets; the authors' script for BDD100K
has 4. All lanes are one class, and there is no existence branch, as in that script.

The network is ENet (https://arxiv.org/abs/1606.02147) without the stage E4 of Fig. 3.
For what SAD does beyond E4, train enet_sad_bdd100k.py with --cfg-options
model.distiller=None.
"""

from mmengine.config import read_base
from mmengine.optim import OptimWrapper, PolyLR
from torch.optim import SGD

from lanedet.engine import LaneTrainLoop
from lanedet.models import (
    ENet,
    LaneDetector,
    LaneSegmentationHead,
    TransposedConvClassifier,
)

with read_base():
    from .._base_.datasets.bdd100k import *
    from .._base_.default_runtime import *

model = dict(
    type=LaneDetector,
    backbone=dict(type=ENet, extra_stage=False),
    head=dict(
        type=LaneSegmentationHead,
        num_lanes=_num_lanes,
        seg_stage="D2",
        classifier=dict(type=TransposedConvClassifier, in_channels=16),
        existence_branch=None,
        decoder=_decoder,
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
default_hooks.update(checkpoint=dict(save_best="bdd100k/sad_iou"))
visualizer.update(num_slots=_num_lanes)

"""ENet on CULane, 288x800, without SAD, by a stronger recipe than the paper's.

Run:      lanedet train sad/enet_plain_culane_modern --amp
Expected: F1 69.39 %, the mean of the runs that
          https://github.com/voldemortX/pytorch-auto-drive reports. We have not measured
          it.

The recipe of the strongest published baselines without SAD that we know,
https://github.com/voldemortX/pytorch-auto-drive
(configs/lane_detection/baseline/enet_culane.py): SGD with momentum 0.9, weight decay
1e-4, batch 20, learning rate 0.5 falling by the power 0.9 after 200 iterations of
warm-up, 12 epochs of 88,880 images, rotations by up to 3 degrees, no IoU loss, mixed
precision (--amp; leave it out without a GPU).

The network is ENet (https://arxiv.org/abs/1606.02147) without the stage E4 that
ENet-SAD adds; the existence branch reads E3. For what SAD does beyond E4, train
enet_sad_culane_modern.py with --cfg-options model.distiller=None.
"""

from mmengine.config import read_base
from mmengine.optim import LinearLR, OptimWrapper, PolyLR
from torch.optim import SGD

from lanedet.datasets import RandomMotion
from lanedet.engine import LaneTrainLoop
from lanedet.models import (
    ENet,
    ExistenceBranch,
    LaneDetector,
    LaneSegmentationHead,
    SoftIoULoss,
    TransposedConvClassifier,
)

with read_base():
    from .._base_.datasets.culane import *
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
        losses=dict(iou=dict(type=SoftIoULoss, loss_weight=0.0)),
    ),
    view=_view,
    # RGB in [0, 255], of ImageNet.
    mean=(123.675, 116.28, 103.53),
    std=(58.395, 57.12, 57.375),
)

train_dataloader.update(batch_size=20)
train_dataloader["dataset"]["pipeline"][1]["motion"] = dict(
    type=RandomMotion, rotate_deg=(-3, 3)
)

_max_iters = 53_328  # 12 epochs
train_cfg = dict(type=LaneTrainLoop, max_iters=_max_iters, val_interval=4444)
optim_wrapper = dict(
    type=OptimWrapper,
    optimizer=dict(type=SGD, lr=0.5, momentum=0.9, weight_decay=1e-4),
)
param_scheduler = [
    dict(type=LinearLR, start_factor=0.005, begin=0, end=200, by_epoch=False),
    dict(
        type=PolyLR,
        power=0.9,
        eta_min=0.0,
        begin=200,
        end=_max_iters,
        by_epoch=False,
    ),
]
default_hooks.update(checkpoint=dict(save_best="culane/f1"))
visualizer.update(num_slots=_num_lanes)

"""ResNet-34 on TuSimple, 368x640, without SAD, by a stronger recipe than the paper's.

Run:      lanedet train sad/resnet34_plain_tusimple_modern --amp
Expected: accuracy 95.23 %, the mean of the runs that
          https://github.com/voldemortX/pytorch-auto-drive reports. We have not measured
          it.

The recipe of the strongest published baselines without SAD that we know,
https://github.com/voldemortX/pytorch-auto-drive
(configs/lane_detection/baseline/resnet34_tusimple.py): SGD with momentum 0.9, weight
decay 1e-4, batch 20, learning rate 0.2 falling by the power 0.9 after 200 iterations of
warm-up, 50 epochs of 3,268 images, rotations by up to 3 degrees, ImageNet weights, no
IoU loss, mixed precision (--amp; leave it out without a GPU). What differs: 368 rows
instead of 360, because the existence branch needs multiples of 16, and the first
convolution of the head, which is 3x3 instead of 1x1.

Torchvision's ImageNet weights are fetched. Where nothing can be fetched, add
--cfg-options model.backbone.weights=None.
"""

from mmengine.config import read_base
from mmengine.optim import LinearLR, OptimWrapper, PolyLR
from torch.optim import SGD

from lanedet.datasets import RandomMotion
from lanedet.engine import LaneTrainLoop
from lanedet.models import (
    ConvClassifier,
    LaneDetector,
    LaneSegmentationHead,
    LogitsExistenceBranch,
    ResNet,
    SoftIoULoss,
)

with read_base():
    from .._base_.datasets.tusimple import *
    from .._base_.default_runtime import *

model = dict(
    type=LaneDetector,
    backbone=dict(type=ResNet, depth=34, weights="imagenet"),
    head=dict(
        type=LaneSegmentationHead,
        num_lanes=_num_lanes,
        seg_stage="layer4",
        classifier=dict(type=ConvClassifier, in_channels=512),
        upsampling=8,
        existence_branch=dict(
            type=LogitsExistenceBranch, input_shape=_view["input_shape"]
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

_max_iters = 8170  # 50 epochs
train_cfg = dict(type=LaneTrainLoop, max_iters=_max_iters, val_interval=817)
optim_wrapper = dict(
    type=OptimWrapper,
    optimizer=dict(type=SGD, lr=0.2, momentum=0.9, weight_decay=1e-4),
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

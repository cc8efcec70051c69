"""ResNet-18 on BDD100K, 360x640, without SAD: the paper's baseline.

Run:      lanedet train sad/resnet18_plain_bdd100k
Expected: not known. The paper's number could not be checked, so none is given, and we
          have not measured it.

The recipe is that of resnet18_sad_bdd100k.py, after section 4 of the paper
(https://arxiv.org/abs/1908.00821) and its authors' scripts: SGD with Nesterov momentum
0.9, weight decay 1e-4, learning rate 0.01 falling by the power 0.9, batch 12, 60,000
iterations. The batch is that of the other data sets; the authors' script for BDD100K
has 4. All lanes are one class, and there is no existence branch, as in that script.

The authors published no code with a ResNet. The stride of 8 by dilation is as the first
author says (https://github.com/cardwing/Codes-for-Lane-Detection/issues/145), and the
head is SCNN's (https://arxiv.org/abs/1712.06080). Training begins with torchvision's
ImageNet weights, which are fetched, and images are normalised as for these. Where
nothing can be fetched, add --cfg-options model.backbone.weights=None.
"""

from mmengine.config import read_base
from mmengine.optim import OptimWrapper, PolyLR
from torch.optim import SGD

from lanedet.engine import LaneTrainLoop
from lanedet.models import (
    ConvClassifier,
    LaneDetector,
    LaneSegmentationHead,
    ResNet,
)

with read_base():
    from .._base_.datasets.bdd100k import *
    from .._base_.default_runtime import *

model = dict(
    type=LaneDetector,
    backbone=dict(type=ResNet, depth=18, weights="imagenet"),
    head=dict(
        type=LaneSegmentationHead,
        num_lanes=_num_lanes,
        seg_stage="layer4",
        classifier=dict(type=ConvClassifier, in_channels=512),
        upsampling=8,
        existence_branch=None,
        decoder=_decoder,
    ),
    view=_view,
    # RGB in [0, 255], of ImageNet.
    mean=(123.675, 116.28, 103.53),
    std=(58.395, 57.12, 57.375),
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

"""ResNet-18 with SAD on CULane, 288x800, as far as the paper says.

Run:      lanedet train sad/resnet18_sad_culane
Expected: not known. The paper's number could not be checked, so none is given, and we
          have not measured it.

Section 4 of the paper (https://arxiv.org/abs/1908.00821) and its authors' scripts: SGD
with Nesterov momentum 0.9, weight decay 1e-4, learning rate 0.01 falling by the power
0.9, batch 12, 60,000 iterations, SAD from iteration 40,000 on (Fig. 2). Where the paper
is silent or does not train: the energies are standardised
(lanedet/models/distillation/sad.py says why).

The authors published no code with a ResNet. The stride of 8 by dilation is as the first
author says (https://github.com/cardwing/Codes-for-Lane-Detection/issues/145), the head
SCNN's (https://arxiv.org/abs/1712.06080), and layer1 to layer4 are taken for the
paper's E1 to E4, so that layer2 mimics layer3 and layer3 mimics layer4. Training begins
with torchvision's ImageNet weights, which are fetched, and images are normalised as for
these. Where nothing can be fetched, add --cfg-options model.backbone.weights=None.
"""

from mmengine.config import read_base
from mmengine.optim import OptimWrapper, PolyLR
from torch.optim import SGD

from lanedet.engine import LaneTrainLoop
from lanedet.models import (
    ConvClassifier,
    LaneDetector,
    LaneSegmentationHead,
    LogitsExistenceBranch,
    ResNet,
    SelfAttentionDistiller,
)

with read_base():
    from .._base_.datasets.culane import *
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
        existence_branch=dict(
            type=LogitsExistenceBranch, input_shape=_view["input_shape"]
        ),
    ),
    distiller=dict(
        type=SelfAttentionDistiller,
        paths=[("layer2", "layer3"), ("layer3", "layer4")],
        weight=0.1,
        start=2 / 3,
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
default_hooks.update(checkpoint=dict(save_best="culane/f1"))
visualizer.update(num_slots=_num_lanes)

"""ResNet-18 with SAD, as far as the paper says (https://arxiv.org/abs/1908.00821).

The authors published no code with a ResNet. The stride of 8 by dilation is as the first
author says (https://github.com/cardwing/Codes-for-Lane-Detection/issues/145), the head
SCNN's (https://arxiv.org/abs/1712.06080), and layer1 to layer4 are taken for the
paper's E1 to E4, so that layer2 mimics layer3 and layer3 mimics layer4, for the last
third of the training. Training begins with torchvision's ImageNet weights, which are
fetched, and images are normalised as for these. Where nothing can be fetched, add
--cfg-options model.backbone.weights=None.

A config adds ``view`` and the head's ``num_lanes``, which are those of its data.
"""

from lanedet.models import (
    ConvClassifier,
    LaneDetector,
    LaneSegmentationHead,
    LogitsExistenceBranch,
    ResNet,
    SelfAttentionDistiller,
)

model = dict(
    type=LaneDetector,
    backbone=dict(type=ResNet, depth=18, weights="imagenet"),
    head=dict(
        type=LaneSegmentationHead,
        seg_stage="layer4",
        classifier=dict(type=ConvClassifier),
        upsampling=8,
        existence_branch=dict(type=LogitsExistenceBranch),
    ),
    distiller=dict(
        type=SelfAttentionDistiller,
        paths=[("layer2", "layer3"), ("layer3", "layer4")],
        weight=0.1,
        start=2 / 3,
    ),
)

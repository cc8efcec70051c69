"""A line head on ResNet-18, with auxiliary segmentation and SAD.

As enet_line.py, on the network as it was published, not dilated: of stride 8, 16 and 32
in layer2, layer3 and layer4, which SAD takes for the paper's E2 to E4. Training begins
with torchvision's ImageNet weights, which are fetched. Where nothing can be fetched,
add --cfg-options model.backbone.weights=None.

A config adds ``view``.
"""

from lanedet.models import (
    DeepSupervision,
    LaneDetector,
    LineHead,
    ResNet,
    SelfAttentionDistiller,
)

_segmentation = dict(type=DeepSupervision, stages=["layer4"], weight=1.0)
_sad = dict(
    type=SelfAttentionDistiller,
    paths=[("layer2", "layer3"), ("layer3", "layer4")],
    weight=0.02,
    start=0.5,
    ramp=0.2,
)
model = dict(
    type=LaneDetector,
    backbone=dict(type=ResNet, depth=18, weights="imagenet", output_stride=32),
    head=dict(
        type=LineHead,
        num_slots=8,
        num_rows=72,
        stages=dict(
            layer2=dict(stride=8, offset=0.0),
            layer3=dict(stride=16, offset=0.0),
            layer4=dict(stride=32, offset=0.0),
        ),
    ),
    distiller=[_segmentation, _sad],
)

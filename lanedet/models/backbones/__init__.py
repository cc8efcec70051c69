"""Networks that turn images into features, stage by stage."""

from lanedet.models.backbones.base_backbone import (
    LaneBackbone,
    StageFeatures,
    take_stage,
)
from lanedet.models.backbones.enet import ENet
from lanedet.models.backbones.feature_extractor import (
    TimmFeatures,
    TorchvisionFeatures,
)
from lanedet.models.backbones.resnet import ResNet

__all__ = [
    "ENet",
    "LaneBackbone",
    "ResNet",
    "StageFeatures",
    "TimmFeatures",
    "TorchvisionFeatures",
    "take_stage",
]

"""Networks that turn images into features, stage by stage."""

from lanedet.models.backbones.base_backbone import (
    LaneBackbone,
    StageFeatures,
    channels_of,
)
from lanedet.models.backbones.enet import ENet
from lanedet.models.backbones.resnet import ResNet
from lanedet.models.backbones.timm_features import TimmFeatures
from lanedet.models.backbones.torchvision_features import TorchvisionFeatures

__all__ = [
    "ENet",
    "LaneBackbone",
    "ResNet",
    "StageFeatures",
    "TimmFeatures",
    "TorchvisionFeatures",
    "channels_of",
]

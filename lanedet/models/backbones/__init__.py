"""Networks that turn images into features, stage by stage."""

from lanedet.models.backbones.enet import ENet, StageFeatures

__all__ = ["ENet", "StageFeatures"]

"""Networks that detect lanes."""

from lanedet.models.backbones import ENet, StageFeatures
from lanedet.models.distillation import GradientMonitor, SelfAttentionDistiller
from lanedet.models.heads import ExistenceBranch, LaneHead, LaneSegmentationHead
from lanedet.models.lane_detector import LaneDetector
from lanedet.models.losses import ExistenceLoss, SegmentationLoss, SoftIoULoss
from lanedet.models.weights import (
    MODEL_KEY,
    build_model,
    check_state_dict,
    describe_model,
    load_weights,
    read_checkpoint,
    save_weights,
)

__all__ = [
    "MODEL_KEY",
    "ENet",
    "ExistenceBranch",
    "ExistenceLoss",
    "GradientMonitor",
    "LaneDetector",
    "LaneHead",
    "LaneSegmentationHead",
    "SegmentationLoss",
    "SelfAttentionDistiller",
    "SoftIoULoss",
    "StageFeatures",
    "build_model",
    "check_state_dict",
    "describe_model",
    "load_weights",
    "read_checkpoint",
    "save_weights",
]

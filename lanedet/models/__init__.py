"""Networks that detect lanes."""

from lanedet.models.attention import encoder_stages, stage_energies
from lanedet.models.backbones import ENet, StageFeatures
from lanedet.models.distillation import (
    SAD_PRESETS,
    AttentionGenerator,
    Distiller,
    GradientMonitor,
    LabelRegression,
    SelfAttentionDistiller,
    attention_energy,
    sad_preset,
)
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
    "SAD_PRESETS",
    "AttentionGenerator",
    "Distiller",
    "ENet",
    "ExistenceBranch",
    "ExistenceLoss",
    "GradientMonitor",
    "LabelRegression",
    "LaneDetector",
    "LaneHead",
    "LaneSegmentationHead",
    "SegmentationLoss",
    "SelfAttentionDistiller",
    "SoftIoULoss",
    "StageFeatures",
    "attention_energy",
    "build_model",
    "check_state_dict",
    "describe_model",
    "encoder_stages",
    "load_weights",
    "read_checkpoint",
    "sad_preset",
    "save_weights",
    "stage_energies",
]

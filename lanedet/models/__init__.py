"""Networks that detect lanes."""

from lanedet.models.attention import encoder_stages, stage_energies
from lanedet.models.backbones import (
    ENet,
    LaneBackbone,
    ResNet,
    StageFeatures,
    TimmFeatures,
    TorchvisionFeatures,
)
from lanedet.models.build import build_detector
from lanedet.models.checkpoint_files import is_whole_checkpoint
from lanedet.models.context import (
    ACmix,
    ChannelAndPixelGate,
    ChannelGate,
    ContextLayer,
    GatedPositionalAttention,
    LocalSelfAttention,
    NonLocalAttention,
    QuadraticSelfAttention,
    RecurrentShift,
    SelfAttention2d,
    SpatialPropagation,
    WindowSelfAttention,
    attention_from_conv,
)
from lanedet.models.descriptions import build_model, describe_model
from lanedet.models.devices import usable_device
from lanedet.models.distillation import (
    SAD_PRESETS,
    AttentionGenerator,
    DeepSupervision,
    Distiller,
    GradientMonitor,
    LabelRegression,
    SelfAttentionDistiller,
    attention_energy,
    attention_entropies,
    sad_preset,
)
from lanedet.models.heads import (
    ConvClassifier,
    ExistenceBranch,
    LaneHead,
    LaneSegmentationHead,
    LogitsExistenceBranch,
    TransposedConvClassifier,
)
from lanedet.models.lane_detector import LaneDetector
from lanedet.models.losses import ExistenceLoss, SegmentationLoss, SoftIoULoss
from lanedet.models.onednn import prepare_for_onednn
from lanedet.models.pack import pack_weights, read_provenance
from lanedet.models.weights import (
    MODEL_KEY,
    check_state_dict,
    load_weights,
    read_checkpoint,
    read_checkpoint_header,
    save_weights,
    without_training_parts,
)

__all__ = [
    "MODEL_KEY",
    "SAD_PRESETS",
    "ACmix",
    "AttentionGenerator",
    "ChannelAndPixelGate",
    "ChannelGate",
    "ContextLayer",
    "ConvClassifier",
    "DeepSupervision",
    "Distiller",
    "ENet",
    "ExistenceBranch",
    "ExistenceLoss",
    "GatedPositionalAttention",
    "GradientMonitor",
    "LabelRegression",
    "LaneBackbone",
    "LaneDetector",
    "LaneHead",
    "LaneSegmentationHead",
    "LocalSelfAttention",
    "LogitsExistenceBranch",
    "NonLocalAttention",
    "QuadraticSelfAttention",
    "RecurrentShift",
    "ResNet",
    "SegmentationLoss",
    "SelfAttention2d",
    "SelfAttentionDistiller",
    "SoftIoULoss",
    "SpatialPropagation",
    "StageFeatures",
    "TimmFeatures",
    "TorchvisionFeatures",
    "TransposedConvClassifier",
    "WindowSelfAttention",
    "attention_energy",
    "attention_entropies",
    "attention_from_conv",
    "build_detector",
    "build_model",
    "check_state_dict",
    "describe_model",
    "encoder_stages",
    "is_whole_checkpoint",
    "load_weights",
    "pack_weights",
    "prepare_for_onednn",
    "read_checkpoint",
    "read_checkpoint_header",
    "read_provenance",
    "sad_preset",
    "save_weights",
    "stage_energies",
    "usable_device",
    "without_training_parts",
]

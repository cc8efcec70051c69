"""Networks that detect lanes."""

from lanedet.models.attention import (
    encoder_stages,
    pixel_attention,
    stage_energies,
)
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
    AttentionLayer,
    ChannelAndPixelGate,
    ChannelGate,
    ContextLayer,
    ConvolutionContext,
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
    ExpandedSelfAttention,
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
    LineHead,
    LogitsExistenceBranch,
    TransposedConvClassifier,
)
from lanedet.models.lane_detector import LaneDetector
from lanedet.models.lane_graph import LaneGraph
from lanedet.models.losses import (
    ExistenceLoss,
    LineCriterion,
    SegmentationLoss,
    SoftIoULoss,
    lane_iou,
)
from lanedet.models.neck import LaneNeck
from lanedet.models.plain_operators import to_plain_operators
from lanedet.models.publish import publish_weights, read_provenance
from lanedet.models.sync_batch_norm import CPUSyncBatchNorm, synchronize_batch_norm
from lanedet.models.weights import (
    check_state_dict,
    load_weights,
    read_checkpoint,
    read_checkpoint_header,
    save_weights,
    without_training_parts,
)

__all__ = [
    "SAD_PRESETS",
    "ACmix",
    "AttentionGenerator",
    "AttentionLayer",
    "CPUSyncBatchNorm",
    "ChannelAndPixelGate",
    "ChannelGate",
    "ContextLayer",
    "ConvClassifier",
    "ConvolutionContext",
    "DeepSupervision",
    "Distiller",
    "ENet",
    "ExistenceBranch",
    "ExistenceLoss",
    "ExpandedSelfAttention",
    "GatedPositionalAttention",
    "GradientMonitor",
    "LabelRegression",
    "LaneBackbone",
    "LaneDetector",
    "LaneGraph",
    "LaneHead",
    "LaneNeck",
    "LaneSegmentationHead",
    "LineCriterion",
    "LineHead",
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
    "lane_iou",
    "load_weights",
    "pixel_attention",
    "publish_weights",
    "read_checkpoint",
    "read_checkpoint_header",
    "read_provenance",
    "sad_preset",
    "save_weights",
    "stage_energies",
    "synchronize_batch_norm",
    "to_plain_operators",
    "usable_device",
    "without_training_parts",
]

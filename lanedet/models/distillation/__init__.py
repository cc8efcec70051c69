"""Distillation: additions to the training loss that inference never sees."""

from lanedet.models.distillation.attention import AttentionGenerator, attention_energy
from lanedet.models.distillation.comparison import DistillerReport, report_distiller
from lanedet.models.distillation.deep_supervision import DeepSupervision
from lanedet.models.distillation.distiller import Distiller, attention_entropies
from lanedet.models.distillation.expanded_attention import ExpandedSelfAttention
from lanedet.models.distillation.gradient_monitor import GradientMonitor
from lanedet.models.distillation.label_regression import LabelRegression
from lanedet.models.distillation.presets import SAD_PRESETS, sad_preset
from lanedet.models.distillation.sad import SelfAttentionDistiller

__all__ = [
    "SAD_PRESETS",
    "AttentionGenerator",
    "DeepSupervision",
    "Distiller",
    "DistillerReport",
    "ExpandedSelfAttention",
    "GradientMonitor",
    "LabelRegression",
    "SelfAttentionDistiller",
    "attention_energy",
    "attention_entropies",
    "report_distiller",
    "sad_preset",
]

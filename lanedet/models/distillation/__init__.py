"""Distillation: additions to the training loss that inference never sees."""

from lanedet.models.distillation.attention import AttentionGenerator, attention_energy
from lanedet.models.distillation.distiller import Distiller
from lanedet.models.distillation.gradient_monitor import GradientMonitor
from lanedet.models.distillation.label_regression import LabelRegression
from lanedet.models.distillation.presets import SAD_PRESETS, sad_preset
from lanedet.models.distillation.sad import SelfAttentionDistiller

__all__ = [
    "SAD_PRESETS",
    "AttentionGenerator",
    "Distiller",
    "GradientMonitor",
    "LabelRegression",
    "SelfAttentionDistiller",
    "attention_energy",
    "sad_preset",
]

"""Distillation: additions to the training loss that inference never sees."""

from lanedet.models.distillation.sad import GradientMonitor, SelfAttentionDistiller

__all__ = ["GradientMonitor", "SelfAttentionDistiller"]

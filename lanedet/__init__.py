"""Lane detection with Self Attention Distillation (SAD)."""

__version__ = "0.1.0"

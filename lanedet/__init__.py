"""Lane detection with Self Attention Distillation (SAD)."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from lanedet.inference import LaneInferencer

__all__ = ["LaneInferencer", "__version__"]


def __getattr__(name: str) -> Any:
    """Import the user's object when it is asked for, and what it needs."""
    if name == "LaneInferencer":
        return import_module("lanedet.inference").LaneInferencer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Images in, lanes out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lanedet.inference.host_parts import HostParts
from lanedet.inference.lane_inferencer import Images, LaneInferencer
from lanedet.inference.packaged_weights import default_weights, packaged_model
from lanedet.inference.predictors import Predictor, open_predictor

if TYPE_CHECKING:
    from lanedet.inference.attention_viewer import (
        EnergyMaps,
        SoftmaxMaps,
        draw_detector_attention,
    )

__all__ = [
    "EnergyMaps",
    "HostParts",
    "Images",
    "LaneInferencer",
    "Predictor",
    "SoftmaxMaps",
    "default_weights",
    "draw_detector_attention",
    "open_predictor",
    "packaged_model",
]

_OF_PYTORCH = ("EnergyMaps", "SoftmaxMaps", "draw_detector_attention")


def __getattr__(name: str) -> Any:
    """Import what needs PyTorch when it is asked for."""
    if name in _OF_PYTORCH:
        return getattr(import_module("lanedet.inference.attention_viewer"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

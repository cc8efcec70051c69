"""Images in, lanes out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lanedet.inference.host_parts import HostParts
from lanedet.inference.lane_inferencer import Images, LaneInferencer
from lanedet.inference.packaged_weights import default_weights, packaged_model
from lanedet.inference.predictors import Predictor, choose_runtime, open_predictor

if TYPE_CHECKING:
    from lanedet.inference.attention_viewer import (
        EnergyMaps,
        SoftmaxMaps,
        draw_detector_attention,
        draw_pixel_attention,
    )
    from lanedet.inference.predictor_model import evaluate_exported

__all__ = [
    "EnergyMaps",
    "HostParts",
    "Images",
    "LaneInferencer",
    "Predictor",
    "SoftmaxMaps",
    "choose_runtime",
    "default_weights",
    "draw_detector_attention",
    "draw_pixel_attention",
    "evaluate_exported",
    "open_predictor",
    "packaged_model",
]

_OF_PYTORCH = {
    "EnergyMaps": "attention_viewer",
    "SoftmaxMaps": "attention_viewer",
    "draw_detector_attention": "attention_viewer",
    "draw_pixel_attention": "attention_viewer",
    "evaluate_exported": "predictor_model",
}


def __getattr__(name: str) -> Any:
    """Import what needs PyTorch when it is asked for."""
    if name in _OF_PYTORCH:
        return getattr(import_module(f"lanedet.inference.{_OF_PYTORCH[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

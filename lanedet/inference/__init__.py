"""Images in, lanes out."""

from lanedet.inference.attention_viewer import (
    EnergyMaps,
    SoftmaxMaps,
    draw_detector_attention,
)
from lanedet.inference.lane_inferencer import Images, LaneInferencer
from lanedet.inference.packaged_weights import default_weights

__all__ = [
    "EnergyMaps",
    "Images",
    "LaneInferencer",
    "SoftmaxMaps",
    "default_weights",
    "draw_detector_attention",
]

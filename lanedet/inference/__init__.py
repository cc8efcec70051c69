"""Images in, lanes out."""

from lanedet.inference.attention_viewer import (
    EnergyMaps,
    SoftmaxMaps,
    draw_detector_attention,
)
from lanedet.inference.image_folders import check_out, find_images, out_path
from lanedet.inference.lane_inferencer import LaneInferencer

__all__ = [
    "EnergyMaps",
    "LaneInferencer",
    "SoftmaxMaps",
    "check_out",
    "draw_detector_attention",
    "find_images",
    "out_path",
]

"""Images in, lanes out."""

from lanedet.inference.attention_viewer import (
    EnergyMaps,
    SoftmaxMaps,
    draw_detector_attention,
)
from lanedet.inference.image_folders import (
    IMAGE_SUFFIXES,
    find_images,
    find_videos,
    image_root,
    plan_outputs,
)
from lanedet.inference.lane_inferencer import Images, LaneInferencer
from lanedet.inference.packaged_weights import default_weights

__all__ = [
    "IMAGE_SUFFIXES",
    "EnergyMaps",
    "Images",
    "LaneInferencer",
    "SoftmaxMaps",
    "default_weights",
    "draw_detector_attention",
    "find_images",
    "find_videos",
    "image_root",
    "plan_outputs",
]

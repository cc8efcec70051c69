"""Drawing lanes and attention maps on images."""

from lanedet.visualization.attention import (
    MapScale,
    draw_attention,
    draw_attention_grid,
    robust_scale,
    stack_grids,
    unit_scale,
)
from lanedet.visualization.class_map import draw_class_map
from lanedet.visualization.draw import draw_caption, draw_lanes
from lanedet.visualization.image_folder_backend import ImageFolderBackend
from lanedet.visualization.lane_visualizer import LaneVisualizer
from lanedet.visualization.overlay import draw_overlay
from lanedet.visualization.window import show_image

__all__ = [
    "ImageFolderBackend",
    "LaneVisualizer",
    "MapScale",
    "draw_attention",
    "draw_attention_grid",
    "draw_caption",
    "draw_class_map",
    "draw_lanes",
    "draw_overlay",
    "robust_scale",
    "show_image",
    "stack_grids",
    "unit_scale",
]

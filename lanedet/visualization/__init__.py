"""Drawing lanes and attention maps on images."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
from lanedet.visualization.overlay import draw_overlay
from lanedet.visualization.window import show_image

if TYPE_CHECKING:
    from lanedet.visualization.image_folder_backend import ImageFolderBackend
    from lanedet.visualization.lane_visualizer import LaneVisualizer

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

_OF_MMENGINE = {
    "ImageFolderBackend": "image_folder_backend",
    "LaneVisualizer": "lane_visualizer",
}


def __getattr__(name: str) -> Any:
    """Import what plugs into mmengine when it is asked for."""
    if name in _OF_MMENGINE:
        return getattr(import_module(f"{__name__}.{_OF_MMENGINE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

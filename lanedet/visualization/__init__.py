"""Drawing lanes on images."""

from lanedet.visualization.draw import draw_lanes

__all__ = ["draw_lanes"]

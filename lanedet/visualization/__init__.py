"""Drawing lanes on images."""

from lanedet.visualization.draw import draw_caption, draw_lanes
from lanedet.visualization.lane_visualizer import LaneVisualizer

__all__ = ["LaneVisualizer", "draw_caption", "draw_lanes"]

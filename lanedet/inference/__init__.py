"""Images in, lanes out."""

from lanedet.inference.lane_inferencer import LaneInferencer

__all__ = ["LaneInferencer"]

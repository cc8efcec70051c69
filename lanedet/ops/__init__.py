"""Geometry and decoding on arrays: no I/O, no state, no framework."""

from lanedet.ops.decode import DecodedLane, LaneDecoder
from lanedet.ops.lane_slots import assign_slots, lane_angle
from lanedet.ops.polylines import resample_polyline, xs_at_rows
from lanedet.ops.rasterize import draw_polyline, rasterize_lanes
from lanedet.ops.view import LetterboxView, StretchView, ViewTransform

__all__ = [
    "DecodedLane",
    "LaneDecoder",
    "LetterboxView",
    "StretchView",
    "ViewTransform",
    "assign_slots",
    "draw_polyline",
    "lane_angle",
    "rasterize_lanes",
    "resample_polyline",
    "xs_at_rows",
]

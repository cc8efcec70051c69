"""Geometry and decoding on arrays: no I/O, no state, no framework."""

from lanedet.ops.bounds import (
    MAX_INPUT_PIXELS,
    MAX_INPUT_SIDE,
    MAX_LANES,
    check_count,
    check_line_width,
)
from lanedet.ops.decode import DecodedLane, LaneDecoder
from lanedet.ops.decode_components import ComponentLaneDecoder
from lanedet.ops.decode_lines import LineDecoder
from lanedet.ops.dense_maps import map_to_original
from lanedet.ops.ego_lane import (
    ImageLane,
    RoadLane,
    ego_lane_in_image,
    ego_lane_on_road,
)
from lanedet.ops.lane_extent import (
    LaneEnds,
    are_lanes_aside,
    are_too_many_aside,
    is_beyond_rows,
    lower_ends,
)
from lanedet.ops.lane_mask import class_map_to_original, draw_lane_mask
from lanedet.ops.lane_slots import (
    assign_slots,
    lane_angle,
    slot_name,
    slots_under_camera,
)
from lanedet.ops.line_assignment import assign_lines
from lanedet.ops.line_nms import suppress_lines
from lanedet.ops.line_targets import decode_line, encode_lines, line_rows
from lanedet.ops.polylines import (
    continue_to_border,
    resample_polyline,
    simplify_polyline,
    xs_at_rows,
)
from lanedet.ops.rasterize import draw_polyline, rasterize_lanes
from lanedet.ops.road_plane import camera_to_road, project
from lanedet.ops.sample_lanes import add_lanes
from lanedet.ops.straighten import straighten
from lanedet.ops.view import LetterboxView, StretchView, View, ViewTransform
from lanedet.ops.warp import map_points, resize_matrix, shrink_image, warp_image

__all__ = [
    "MAX_INPUT_PIXELS",
    "MAX_INPUT_SIDE",
    "MAX_LANES",
    "ComponentLaneDecoder",
    "DecodedLane",
    "ImageLane",
    "LaneDecoder",
    "LaneEnds",
    "LetterboxView",
    "LineDecoder",
    "RoadLane",
    "StretchView",
    "View",
    "ViewTransform",
    "add_lanes",
    "are_lanes_aside",
    "are_too_many_aside",
    "assign_lines",
    "assign_slots",
    "camera_to_road",
    "check_count",
    "check_line_width",
    "class_map_to_original",
    "continue_to_border",
    "decode_line",
    "draw_lane_mask",
    "draw_polyline",
    "ego_lane_in_image",
    "ego_lane_on_road",
    "encode_lines",
    "is_beyond_rows",
    "lane_angle",
    "line_rows",
    "lower_ends",
    "map_points",
    "map_to_original",
    "project",
    "rasterize_lanes",
    "resample_polyline",
    "resize_matrix",
    "shrink_image",
    "simplify_polyline",
    "slot_name",
    "slots_under_camera",
    "straighten",
    "suppress_lines",
    "warp_image",
    "xs_at_rows",
]

"""The road from above, in metres, for calibrated cameras."""

from collections.abc import Sequence

import cv2
import numpy as np

from lanedet.arrays import ByteArray, FloatArray
from lanedet.ops import draw_polyline, project, simplify_polyline
from lanedet.visualization.draw import Color
from lanedet.visualization.panels import Box, darken, text_height, write_text

_BEHIND_M, _AHEAD_M = 6.0, 54.0
_ASIDE_M = 9.0
_GRID_M = 10
_WIDTH = 0.26  # of the frame's shorter side; the height follows from the metres
_CAR_M = (1.8, 4.5)  # width and length
_TOLERANCE_PX = 0.25  # points so near to the line between others are left out
_STRETCH = 1.6  # metres across are drawn so much larger than those ahead
_GRID_COLOR: Color = (110, 110, 110)
_TEXT_COLOR: Color = (200, 200, 200)
_CAR_COLOR: Color = (255, 255, 255)


def birds_eye_box(canvas: ByteArray) -> Box:
    """Return where :func:`draw_birds_eye` draws: in the upper right corner."""
    height, width = canvas.shape[:2]
    margin = text_height(canvas)
    inset_width = round(_WIDTH * min(height, width))
    metre = inset_width / (2 * _ASIDE_M * _STRETCH)
    inset_height = round((_BEHIND_M + _AHEAD_M) * metre)
    return Box(width - margin - inset_width, margin, inset_width, inset_height)


def draw_birds_eye(
    canvas: ByteArray,
    lanes: Sequence[FloatArray],
    colors: Sequence[Color],
    to_road: FloatArray,
) -> None:
    """Draw an inset that shows the lanes from above, the vehicle and a grid in metres.

    It reaches 9 m to either side and 54 m ahead, with a line every 10 m. Metres across
    are drawn 1.6 times as large as metres ahead, so that bends and offsets show.

    Args:
        canvas: (H, W, 3) uint8, RGB, drawn into.
        lanes: Polylines, each (N, 2) in pixels of ``canvas``.
        colors: RGB of each lane.
        to_road: (3, 3), from pixels of ``canvas`` to the road, see
            :func:`~lanedet.ops.camera_to_road`.
    """
    box = birds_eye_box(canvas)
    darken(canvas, box)
    inset = box.of(canvas)
    per_metre = np.array([box.width / (2 * _ASIDE_M), 0.0])
    per_metre[1] = per_metre[0] / _STRETCH

    def place(road_points: FloatArray) -> FloatArray:
        return (road_points * (1, -1) + (_ASIDE_M, _AHEAD_M)) * per_metre

    size = max(7, text_height(canvas) * 2 // 3)
    for ahead_m in range(_GRID_M, int(_AHEAD_M), _GRID_M):
        [[_, y]] = np.rint(place(np.array([[0.0, ahead_m]]))).astype(int)
        cv2.line(inset, (0, y), (box.width, y), _GRID_COLOR, 1)
        write_text(inset, f"{ahead_m} m", (size // 2, y - size // 3), size, _TEXT_COLOR)
    stroke = max(2, round(box.width / 60))
    for lane, color in zip(lanes, colors, strict=True):
        points = project(lane, to_road)
        points = points[points[:, 1] > 0]
        if len(points):
            line = simplify_polyline(place(points), _TOLERANCE_PX)
            draw_polyline(inset, line, color, stroke, cv2.LINE_AA)
    half_width, length = _CAR_M[0] / 2, _CAR_M[1]
    arrow = [
        [0.0, 0.0],
        [half_width, -length],
        [0.0, -0.8 * length],
        [-half_width, -length],
    ]
    corners = np.rint(place(np.array(arrow)) * 16).astype(np.int32)
    cv2.fillPoly(inset, [corners], _CAR_COLOR, cv2.LINE_AA, shift=4)

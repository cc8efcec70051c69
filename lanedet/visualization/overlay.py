"""A dashcam frame with what was found in it: lanes, own lane, place in it, departures.

Sizes follow the shorter side of the frame. Where texts could not be read they are left
out, and so is the name of a lane that would lie on another text.
"""

import cv2
import numpy as np

from lanedet.arrays import ByteArray, FloatArray
from lanedet.structures import DrivingState, LaneSample
from lanedet.visualization.birds_eye import birds_eye_box, draw_birds_eye
from lanedet.visualization.draw import Color, draw_lane, slot_color
from lanedet.visualization.panels import (
    Box,
    darken,
    text_height,
    text_width,
    write_text,
)

LEAST_SIZE_WITH_TEXT = 300
"""Frames whose shorter side has fewer pixels get neither texts nor an inset."""

_WHITE: Color = (255, 255, 255)
_GREY: Color = (190, 190, 190)
# Okabe's and Ito's bluish green and vermilion, see lanedet.visualization.draw.
_LANE_COLOR: Color = (0, 158, 115)
_WARNING_COLOR: Color = (213, 94, 0)
_LANE_OPACITY = 0.4  # at the near end; none at the far one
_LANE_BANDS = 32  # so many opacities: a step is too small to be seen
_LANE_POINTS = 48
_LANE_FADE = 0.4  # of its height, over which the tint fades where a line ends early
_EARLY = 0.05  # share of the picture's height
_SIDE = 0.02  # share of the width that counts as the side of the picture
_CENTRED = 0.01  # sides of a smaller offset would only flicker
_DISCLAIMER = "not a safety device"
_WIDEST_LINE = "0.00 m right of centre"


def draw_overlay(
    canvas: ByteArray,
    sample: LaneSample,
    driving: DrivingState,
    *,
    num_slots: int,
    to_road: FloatArray | None = None,
) -> None:
    """Draw into a frame what was found in it.

    Args:
        canvas: (H, W, 3) uint8, RGB, of any size, drawn into.
        sample: Its lanes: ``pred_lanes``, ``pred_scores``, ``pred_slots`` and
            ``pred_names``.
        driving: What they say.
        num_slots: Number of slots K.
        to_road: (3, 3), from pixels of ``canvas`` to the road, for a bird's-eye inset;
            see :func:`~lanedet.ops.camera_to_road`.

    Raises:
        ValueError: If ``canvas`` is not (H, W, 3) uint8 or a coordinate is not finite.
    """
    if canvas.ndim != 3 or canvas.shape[2] != 3 or canvas.dtype != np.uint8:
        raise ValueError(
            f"canvas must be (H, W, 3) uint8, got {canvas.shape} {canvas.dtype}."
        )
    lanes = sample.pred_lanes
    colors = [slot_color(slot, num_slots) for slot in sample.pred_slots]
    left, right = driving.ego_left, driving.ego_right
    if driving.offset_share is not None and left is not None and right is not None:
        color = _LANE_COLOR if driving.departure is None else _WARNING_COLOR
        _fill_lane(canvas, lanes[left], lanes[right], color)
    # The driver's own lines lie on top, and their names come first.
    order = sorted(range(len(lanes)), key=lambda i: i in (left, right))
    for i in order:
        draw_lane(canvas, lanes[i], colors[i], is_ego=i in (left, right))
    if driving.departure is not None:
        _draw_frame(canvas)
    if min(canvas.shape[:2]) < LEAST_SIZE_WITH_TEXT:
        return
    taken = [_draw_panel(canvas, driving, num_slots)]
    if to_road is not None:
        draw_birds_eye(canvas, lanes, colors, to_road)
        taken.append(birds_eye_box(canvas))
    for i in reversed(order):
        text = f"{sample.pred_names[i]}  {sample.pred_scores[i]:.0%}"
        _name_lane(canvas, lanes[i], text, colors[i], taken)


def _fill_lane(
    canvas: ByteArray, left: FloatArray, right: FloatArray, color: Color
) -> None:
    """Tint the road between two lines, less and less far away.

    Where one line ends above the other, the tint fades out towards its end: nobody
    knows how the lane goes on.
    """
    height, width = canvas.shape[:2]
    # A line that leaves through the side of the picture does not end there: the side
    # bounds the lane from there on, down to the bottom where both lines leave so.
    ends = [
        line[:, 1].max() for line in (left, right) if not _leaves_sideways(line, width)
    ]
    bottom = min(ends, default=height)
    lowest = max(left[:, 1].max(), right[:, 1].max())
    ends_early = bottom < lowest - _EARLY * height
    rows = np.linspace(max(left[:, 1].min(), right[:, 1].min()), bottom, _LANE_POINTS)
    left_xs, right_xs = (_xs_at(line, rows) for line in (left, right))
    xs, ys = np.append(left_xs, right_xs[::-1]), np.append(rows, rows[::-1])
    x0, y0 = max(0, int(xs.min())), max(0, int(ys.min()))
    x1, y1 = min(width, int(xs.max()) + 2), min(height, int(ys.max()) + 2)
    if x0 >= x1 or y0 >= y1:
        return
    road = canvas[y0:y1, x0:x1]
    painted = road.copy()
    outline = np.stack([xs - x0, ys - y0], axis=1)
    corners = np.rint(outline * 16).astype(np.int32)
    cv2.fillPoly(painted, [corners], color, cv2.LINE_AA, shift=4)
    edges = np.linspace(0, len(road), _LANE_BANDS + 1).astype(int)
    for band in range(_LANE_BANDS):
        part = slice(edges[band], edges[band + 1])
        if part.start < part.stop:
            opacity = _LANE_OPACITY * (band + 0.5) / _LANE_BANDS
            if ends_early:
                to_end = (_LANE_BANDS - band - 0.5) / (_LANE_FADE * _LANE_BANDS)
                opacity *= min(1, to_end)
            road[part] = cv2.addWeighted(
                painted[part], opacity, road[part], 1 - opacity, 0
            )


def _leaves_sideways(line: FloatArray, width: int) -> bool:
    """Return whether a line ends at the side of the picture, or a step before it."""
    below = line[np.argsort(-line[:, 1], kind="stable"), 0][:2]
    next_x = 2 * below[0] - below[-1]
    margin = _SIDE * width
    return not all(margin < x < width - margin for x in (below[0], next_x))


def _xs_at(line: FloatArray, rows: FloatArray) -> FloatArray:
    """Return where a line crosses rows; below its end it goes straight down."""
    ordered = line[np.argsort(line[:, 1], kind="stable")]
    return np.asarray(np.interp(rows, ordered[:, 1], ordered[:, 0]))


def _draw_frame(canvas: ByteArray) -> None:
    """Put a frame in the color of warnings around the picture."""
    stroke = max(2, round(min(canvas.shape[:2]) / 90))
    for part in (
        canvas[:stroke],
        canvas[-stroke:],
        canvas[:, :stroke],
        canvas[:, -stroke:],
    ):
        part[:] = _WARNING_COLOR


def _draw_panel(canvas: ByteArray, driving: DrivingState, num_slots: int) -> Box:
    """Draw the place in the lane, in the upper left corner."""
    size = text_height(canvas)
    pad, line = size, round(1.9 * size)
    width = text_width(_WIDEST_LINE, size) + 2 * pad
    box = Box(size, size, width, 2 * pad + 4 * line - size // 2)
    darken(canvas, box)
    panel = box.of(canvas)
    _draw_gauge(
        panel, driving.offset_share, Box(pad, pad, width - 2 * pad, size), num_slots
    )
    if driving.departure is not None:
        cv2.rectangle(
            panel,
            (0, pad + line - size // 2),
            (width, pad + 2 * line - size // 4),
            _WARNING_COLOR,
            cv2.FILLED,
        )
    texts = (
        (_place_text(driving), size, _WHITE),
        (_bend_text(driving), size, _WHITE),
        (_DISCLAIMER, max(7, size * 3 // 4), _GREY),
    )
    for number, (text, height, color) in enumerate(texts, start=1):
        write_text(panel, text, (pad, pad + number * line + size), height, color)
    return box


def _place_text(driving: DrivingState) -> str:
    if driving.departure is not None:
        return f"leaving the lane: {driving.departure}"
    if driving.offset_share is None:
        return "own lane not seen"
    if abs(driving.offset_share) < _CENTRED:
        return "in the lane's centre"
    side = "right" if driving.offset_share > 0 else "left"
    if driving.offset_m is None:
        return f"{abs(driving.offset_share):.0%} {side} of centre"
    return f"{abs(driving.offset_m):.2f} m {side} of centre"


def _bend_text(driving: DrivingState) -> str:
    if driving.curvature is None:
        return ""
    if driving.curvature == "straight":
        return "straight road"
    radius = "" if driving.radius_m is None else f", {driving.radius_m:.0f} m"
    return f"{driving.curvature} bend{radius}"


def _draw_gauge(
    panel: ByteArray, offset_share: float | None, box: Box, num_slots: int
) -> None:
    """Draw the lane's two lines, and where between them the vehicle is."""
    part = box.of(panel)
    stroke = max(2, box.height // 4)
    middle = box.width / 2
    for share, slot in ((-0.5, num_slots // 2 - 1), (0.5, num_slots // 2)):
        x = round(middle + share * (box.width - stroke - 1))
        color = slot_color(slot, num_slots)
        cv2.line(part, (x, 0), (x, box.height - 1), color, stroke)
    x = round(middle)
    cv2.line(part, (x, 0), (x, box.height - 1), _GREY, max(1, stroke // 3))
    if offset_share is not None:
        share = float(np.clip(offset_share, -0.5, 0.5))
        centre = (round(middle + share * (box.width - box.height)), box.height // 2)
        cv2.circle(part, centre, box.height // 2 - 1, _WHITE, cv2.FILLED, cv2.LINE_AA)


def _name_lane(
    canvas: ByteArray, lane: FloatArray, text: str, color: Color, taken: list[Box]
) -> None:
    """Write a lane's name at its lower end, unless something is there already."""
    height, width = canvas.shape[:2]
    inside = ((lane >= 0) & (lane <= (width - 1, height - 1))).all(axis=1)
    if not inside.any():
        return
    seen = lane[inside]
    size = max(8, text_height(canvas) * 4 // 5)
    pad = size // 2
    box = _box_beside(
        seen[seen[:, 1].argmax()],
        (text_width(text, size) + 3 * pad, size + 2 * pad),
        (height, width),
    )
    if any(box.meets(other) for other in taken):
        return
    taken.append(box)
    darken(canvas, box)
    label = box.of(canvas)
    label[:, : pad // 2 + 1] = color
    write_text(label, text, (2 * pad, pad + size), size, _WHITE)


def _box_beside(
    end: FloatArray, size: tuple[int, int], image_shape: tuple[int, int]
) -> Box:
    """Return a box (w, h) that a lane's lower end does not run through.

    It lies on the outer side of the end, or beneath it where the picture ends there.
    """
    (x, y), (width, height), (image_height, image_width) = end, size, image_shape
    gap = height // 2
    left = x - gap - width if x < image_width / 2 else x + gap
    top = y - height
    if left < gap or left + width > image_width - gap:
        left, top = x - width / 2, y + gap
    return Box(
        int(np.clip(left, gap, max(gap, image_width - gap - width))),
        int(np.clip(top, gap, max(gap, image_height - gap - height))),
        width,
        height,
    )

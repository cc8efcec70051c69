"""Lanes on images.

The colors are those of M. Okabe and K. Ito, "Color Universal Design", 2008
(https://jfly.uni-koeln.de/color/), made to be told apart by color-blind people too.
The driver's own lanes get the pair that is safest for everyone, orange and sky blue.
"""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import ByteArray, FloatArray
from lanedet.ops import assign_slots, simplify_polyline
from lanedet.visualization.text import put_text, text_size

Color = tuple[int, int, int]
"""RGB."""

# RGB by distance from the driver: the own lane, the next one, and so on outwards.
# Of the set's colors that are not dark, in the order that keeps neighbours farthest
# apart for normal sight and the three kinds of color blindness.
_LEFT_COLORS: list[Color] = [(230, 159, 0), (0, 158, 115), (213, 94, 0)]
_RIGHT_COLORS: list[Color] = [(86, 180, 233), (240, 228, 66), (204, 121, 167)]
_NO_SLOT_COLOR: Color = (255, 255, 255)
_EDGE_COLOR: Color = (0, 0, 0)

_EGO_WIDTH = 1 / 90  # share of the image height
_OTHER_WIDTH = 1 / 140
_EDGE_WIDTH = 1 / 450
_HORIZON = 0.35  # share of the image height at which lines would vanish
_MIN_TAPER = 0.3  # share of the full width that remains above that
_TOLERANCE_PX = 0.25  # points that lie so near to the line between others are left out
_FRACTION_BITS = 4  # cv2 draws in fixed point: 1/16 of a pixel
_FAR = 2.0**15  # keeps far points inside cv2's coordinates


def draw_lanes(
    image: ByteArray,
    lanes: Sequence[FloatArray],
    *,
    slots: Sequence[int | None] | None = None,
    scores: Sequence[float] | None = None,
    num_slots: int = 6,
) -> ByteArray:
    """Draw lanes on a copy of an image.

    Lines have a dark edge, scale with the image height and get thinner towards the
    horizon. The driver's own lanes, in slots ``num_slots // 2 - 1`` and
    ``num_slots // 2``, are the thickest and lie on top.

    Args:
        image: (H, W, 3) uint8, RGB, of any size.
        lanes: Polylines, each (N, 2) in pixels of ``image``. Points may lie outside;
            a lane of one point is a dot, one of none is not drawn.
        slots: Slot of each lane, which decides its color; a lane without a slot
            (None) is white. If not given, slots are assigned by the lanes' angles.
        scores: Confidence of each lane in [0, 1], written at its lower end. Nothing is
            written if not given.
        num_slots: Number of slots K.

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        ValueError: If the image is not (H, W, 3) uint8, there is not one slot or score
            per lane, or a coordinate is not finite.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(
            f"image must be (H, W, 3) uint8, got {image.shape} {image.dtype}."
        )
    if slots is None:
        slots = assign_slots(lanes, num_slots)
    for name, values in (("slots", slots), ("scores", scores)):
        if values is not None and len(values) != len(lanes):
            raise ValueError(
                f"{name} must have one entry per lane, "
                f"got {len(values)} for {len(lanes)} lanes."
            )
    canvas = image.copy()
    for index in sorted(
        range(len(lanes)), key=lambda i: _distance(slots[i], num_slots), reverse=True
    ):
        draw_lane(
            canvas,
            lanes[index],
            slot_color(slots[index], num_slots),
            is_ego=_distance(slots[index], num_slots) == 0,
        )
    if scores is not None:
        for lane, score in zip(lanes, scores, strict=True):
            _write_score(canvas, lane, score)
    return canvas


def draw_caption(image: ByteArray, text: str) -> ByteArray:
    """Write a caption into the upper left corner of a copy of an image.

    Args:
        image: (H, W, 3) uint8, RGB, of any size.
        text: One line.

    Returns:
        (H, W, 3) uint8, RGB.
    """
    canvas = image.copy()
    _write_text(canvas, text, (max(6, len(image) / 60), max(20, len(image) / 20)))
    return canvas


def _distance(slot: int | None, num_slots: int) -> int:
    """Return how many lanes lie between a slot and the driver; no slot is farthest."""
    if slot is None:
        return num_slots
    centre = num_slots // 2
    return centre - 1 - slot if slot < centre else slot - centre


def slot_color(slot: int | None, num_slots: int) -> Color:
    """Return the color (RGB) of a slot of K; white for lanes without one."""
    if slot is None:
        return _NO_SLOT_COLOR
    colors = _LEFT_COLORS if slot < num_slots // 2 else _RIGHT_COLORS
    return colors[_distance(slot, num_slots) % len(colors)]


def draw_lane(
    canvas: ByteArray, lane: FloatArray, color: Color, *, is_ego: bool
) -> None:
    """Draw one lane into an image, with a dark edge and thinner towards the horizon.

    Args:
        canvas: (H, W, 3) uint8, RGB, drawn into.
        lane: (N, 2) in pixels of ``canvas``.
        color: RGB.
        is_ego: Whether it is one of the driver's own, which are thicker.
    """
    if not np.isfinite(lane).all():
        raise ValueError(f"A lane's coordinates must be finite, got {lane!r}.")
    if len(lane) == 0:
        return
    height = len(canvas)
    points = simplify_polyline(np.clip(lane, -_FAR, _FAR), _TOLERANCE_PX)
    points = _with_rows(points, (_HORIZON * height, height - 1.0))
    taper = (points[:, 1] / height - _HORIZON) / (1 - _HORIZON)
    width = (_EGO_WIDTH if is_ego else _OTHER_WIDTH) * height
    radii = np.maximum(2, width * np.clip(taper, _MIN_TAPER, 1)) / 2
    edge = max(1, round(_EDGE_WIDTH * height))
    _draw_ribbon(canvas, points, radii + edge, _EDGE_COLOR)
    _draw_ribbon(canvas, points, radii, color)


def _with_rows(points: FloatArray, rows: Iterable[float]) -> FloatArray:
    """Return a polyline with a point wherever it crosses one of some rows."""
    for row in rows:
        ys = points[:, 1]
        before = np.flatnonzero((ys[:-1] - row) * (ys[1:] - row) < 0)
        parts = ((row - ys[before]) / (ys[before + 1] - ys[before]))[:, None]
        crossings = (1 - parts) * points[before] + parts * points[before + 1]
        points = np.insert(points, before + 1, crossings, axis=0)
    return points


def _draw_ribbon(
    canvas: ByteArray, points: FloatArray, radii: FloatArray, color: Color
) -> None:
    """Draw a line whose width changes along it: a disc at each point, quads between."""
    steps = np.diff(points, axis=0)
    normals = steps[:, ::-1] * (-1, 1) / np.maximum(np.hypot(*steps.T), 1e-9)[:, None]
    begin, end = normals * radii[:-1, None], normals * radii[1:, None]
    quads = np.stack(
        [points[:-1] - begin, points[:-1] + begin, points[1:] + end, points[1:] - end],
        axis=1,
    )
    for quad in _fixed_point(quads):
        cv2.fillConvexPoly(canvas, quad, color, cv2.LINE_AA, _FRACTION_BITS)
    for centre, radius in zip(_fixed_point(points), _fixed_point(radii), strict=True):
        cv2.circle(
            canvas,
            centre.tolist(),
            int(radius),
            color,
            cv2.FILLED,
            cv2.LINE_AA,
            _FRACTION_BITS,
        )


def _fixed_point(values: FloatArray) -> NDArray[np.int32]:
    return np.rint(values * 2**_FRACTION_BITS).astype(np.int32)


def _write_score(canvas: ByteArray, lane: FloatArray, score: float) -> None:
    """Write a score beside the lane's lowest point that lies in the image."""
    height, width = canvas.shape[:2]
    inside = ((lane >= 0) & (lane <= (width - 1, height - 1))).all(axis=1)
    if inside.any():
        visible = lane[inside]
        x, y = visible[visible[:, 1].argmax()]
        _write_text(canvas, f"{score:.2f}", (x + height / 60, y))


def _write_text(canvas: ByteArray, text: str, corner: tuple[float, float]) -> None:
    """Write into ``canvas``, the lower left corner at (x, y) or the nearest inside."""
    height, width = canvas.shape[:2]
    # Below half its size cv2's font cannot be read.
    size, stroke = max(0.5, height / 900), max(1, round(height / 450))
    text_width, text_height, baseline = text_size(text, size, stroke)
    x = int(np.clip(corner[0], 0, max(0, width - text_width)))
    y = int(np.clip(corner[1], text_height, max(text_height, height - baseline)))
    # The edge is the same text moved about: OpenCV 5 sets thicker strokes wider apart,
    # so that a thicker text would not lie beneath a thinner one.
    moves = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy]
    for (dx, dy), color in [
        *((move, _EDGE_COLOR) for move in moves),
        ((0, 0), _NO_SLOT_COLOR),
    ]:
        place = (x + dx, y + dy)
        put_text(canvas, text, place, size, color, stroke)

"""Lanes on images.

The colours are those of M. Okabe and K. Ito, "Color Universal Design", 2008
(https://jfly.uni-koeln.de/color/), made to be told apart by colour-blind people too.
The driver's own lanes get the pair that is safest for everyone, orange and sky blue.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from lanedet.ops import assign_slots, draw_polyline
from lanedet.structures import ByteArray, FloatArray

_Colour = tuple[int, int, int]

# RGB by distance from the driver: the own lane, the next one, and so on outwards.
# Of the set's colours that are not dark, in the order that keeps neighbours farthest
# apart for normal sight and the three kinds of colour blindness.
_LEFT_COLOURS: list[_Colour] = [(230, 159, 0), (0, 158, 115), (213, 94, 0)]
_RIGHT_COLOURS: list[_Colour] = [(86, 180, 233), (240, 228, 66), (204, 121, 167)]
_NO_SLOT_COLOUR: _Colour = (255, 255, 255)
_EDGE_COLOUR: _Colour = (0, 0, 0)

_EGO_WIDTH = 1 / 90  # share of the image height
_OTHER_WIDTH = 1 / 140
_EDGE_WIDTH = 1 / 450
_HORIZON = 0.35  # share of the image height at which lines would vanish
_MIN_TAPER = 0.3  # share of the full width that remains above that


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
        slots: Slot of each lane, which decides its colour; a lane without a slot
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
        colour = slot_colour(slots[index], num_slots)
        is_ego = _distance(slots[index], num_slots) == 0
        _draw_lane(canvas, lanes[index], colour, _EGO_WIDTH if is_ego else _OTHER_WIDTH)
    if scores is not None:
        for lane, score in zip(lanes, scores, strict=True):
            _write_score(canvas, lane, score)
    return canvas


def draw_caption(image: ByteArray, text: str) -> ByteArray:
    """Write a caption into the upper left corner of a copy of an image.

    Args:
        image: (H, W, 3) uint8, RGB, of any size.
        text: One line of ASCII.

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


def slot_colour(slot: int | None, num_slots: int) -> _Colour:
    """Return the colour (RGB) of a slot of K; white for lanes without one."""
    if slot is None:
        return _NO_SLOT_COLOUR
    colours = _LEFT_COLOURS if slot < num_slots // 2 else _RIGHT_COLOURS
    return colours[_distance(slot, num_slots) % len(colours)]


def _draw_lane(
    canvas: ByteArray, lane: FloatArray, colour: _Colour, width: float
) -> None:
    """Draw one lane into ``canvas``, ``width`` being a share of its height."""
    if len(lane) == 0:
        return
    # cv2 draws a line between equal points as a dot, but nothing for a single point.
    points = np.repeat(lane, 2, axis=0) if len(lane) == 1 else lane
    height = len(canvas)
    rows = np.arange(height) / height
    taper = np.clip((rows - _HORIZON) / (1 - _HORIZON), _MIN_TAPER, 1)
    thickness = np.maximum(2, np.rint(width * height * taper)).astype(int)
    edge = max(1, round(_EDGE_WIDTH * height))
    # cv2 lines have one whole-numbered width: draw each band of rows with its own.
    starts = np.flatnonzero(np.diff(thickness, prepend=0))
    bands = list(zip(starts, [*starts[1:], height], strict=True))
    for extra, paint in ((2 * edge, _EDGE_COLOUR), (0, colour)):
        for top, bottom in bands:
            draw_polyline(
                canvas[top:bottom],
                points - np.array([0.0, top]),
                paint,
                int(thickness[top]) + extra,
                cv2.LINE_AA,
            )


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
    font = cv2.FONT_HERSHEY_SIMPLEX
    (text_width, text_height), baseline = cv2.getTextSize(text, font, size, stroke)
    x = int(np.clip(corner[0], 0, max(0, width - text_width)))
    y = int(np.clip(corner[1], text_height, max(text_height, height - baseline)))
    # The edge is the same text moved about: OpenCV 5 sets thicker strokes wider apart,
    # so that a thicker text would not lie beneath a thinner one.
    moves = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy]
    for (dx, dy), colour in [
        *((move, _EDGE_COLOUR) for move in moves),
        ((0, 0), _NO_SLOT_COLOUR),
    ]:
        place = (x + dx, y + dy)
        cv2.putText(canvas, text, place, font, size, colour, stroke, cv2.LINE_AA)

"""Polylines to class maps."""

from collections.abc import Sequence

import cv2
import numpy as np

from lanedet.arrays import ByteArray, FloatArray

_FRACTION_BITS = 4  # cv2 draws in fixed point: 1/16 of a pixel
_FAR = 2.0**20  # keeps far points inside cv2's 32-bit coordinates


def rasterize_lanes(
    lanes: Sequence[FloatArray],
    slots: Sequence[int | None],
    shape: tuple[int, int],
    lane_width_px: float,
) -> ByteArray:
    """Draw lanes into a class map.

    Args:
        lanes: Polylines, each (N, 2) in pixels of the map. Points may lie outside.
            One of fewer than two points leaves no mark.
        slots: Slot of each lane; lanes with None are left out.
        shape: (H, W) of the map.
        lane_width_px: Width of the drawn lines, rounded to an odd number of pixels.

    Returns:
        (H, W) uint8: 0 for background, slot + 1 on a lane.

    Raises:
        ValueError: If there is not one slot per lane or a coordinate is not finite.
    """
    if len(lanes) != len(slots):
        raise ValueError(
            f"Every lane needs a slot, got {len(lanes)} lanes and {len(slots)} slots."
        )
    # cv2 draws an even thickness one pixel wider than asked, and an odd one, but for 1,
    # two pixels wider.
    thickness = max(1, 2 * int(lane_width_px / 2))
    class_map = np.zeros(shape, dtype=np.uint8)
    for lane, slot in zip(lanes, slots, strict=True):
        if slot is None or len(lane) < 2:
            continue
        draw_polyline(class_map, lane, slot + 1, thickness, cv2.LINE_8)
    return class_map


def draw_polyline(
    canvas: ByteArray,
    points: FloatArray,
    color: int | tuple[int, int, int],
    thickness: int,
    line_type: int,
) -> None:
    """Draw a polyline into an image, to a fraction of a pixel.

    Args:
        canvas: (H, W) or (H, W, 3) uint8, drawn into.
        points: (N, 2) in pixels of ``canvas``. Points may lie outside, however far.
            One point alone leaves no mark, two equal ones a dot.
        color: Value of the pixels, as many numbers as ``canvas`` has channels.
        thickness: Thickness of the line in pixels, as cv2 understands it.
        line_type: cv2's, such as ``cv2.LINE_8`` or, blending its rim, ``cv2.LINE_AA``.

    Raises:
        ValueError: If a coordinate is not finite.
    """
    if not np.isfinite(points).all():
        raise ValueError(f"A lane's coordinates must be finite, got {points!r}.")
    clipped = np.clip(points, -_FAR, _FAR)
    fixed_point = np.rint(clipped * 2**_FRACTION_BITS).astype(np.int32)
    cv2.polylines(
        canvas,
        [fixed_point.reshape(-1, 1, 2)],
        isClosed=False,
        color=color,
        thickness=thickness,
        lineType=line_type,
        shift=_FRACTION_BITS,
    )

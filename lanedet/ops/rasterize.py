"""Polylines to class maps."""

from collections.abc import Sequence

import cv2
import numpy as np

from lanedet.structures import ByteArray, FloatArray

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
        if not np.isfinite(lane).all():
            raise ValueError(f"A lane's coordinates must be finite, got {lane!r}.")
        clipped = np.clip(lane, -_FAR, _FAR)
        fixed_point = np.rint(clipped * 2**_FRACTION_BITS).astype(np.int32)
        cv2.polylines(
            class_map,
            [fixed_point.reshape(-1, 1, 2)],
            isClosed=False,
            color=slot + 1,
            thickness=thickness,
            lineType=cv2.LINE_8,
            shift=_FRACTION_BITS,
        )
    return class_map

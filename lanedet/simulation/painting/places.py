"""Compiled searches for the pixels that are touched, as places in flat arrays."""

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import ByteArray, Float32Array
from lanedet.simulation.compiled import compiled

_BLOCK = 64  # pixels that are looked at together


@compiled
def find_stripe(
    lateral: Float32Array, across: Float32Array, middle: np.float32, width: np.float32
) -> NDArray[np.int64]:
    """Return which pixels see a stripe along the road, as places in the flat arrays.

    Args:
        lateral: Lateral position of each pixel, (h, W), less what the stripe moves.
        across: Metres across that it sees, (h, W).
        middle: Lateral position of the stripe's middle.
        width: Width of the stripe.
    """
    laterals, acrosses = lateral.ravel(), across.ravel()
    touched = np.empty(laterals.size, np.int64)
    count = 0
    for first in range(0, laterals.size, _BLOCK):
        last = min(first + _BLOCK, laterals.size)
        # Most blocks see nothing of it.
        sees = False
        for k in range(first, last):
            reach = (acrosses[k] + width) * np.float32(0.5)
            sees |= abs(laterals[k] - middle) < reach
        if not sees:
            continue
        for k in range(first, last):
            reach = (acrosses[k] + width) * np.float32(0.5)
            if abs(laterals[k] - middle) < reach:
                touched[count] = k
                count += 1
    return touched[:count].copy()


@compiled
def find_covered(
    mask: ByteArray, rows: tuple[int, int], columns: tuple[int, int]
) -> NDArray[np.int64]:
    """Return which pixels of a mask (H, W) are not 0, as places in the flat array.

    Args:
        mask: The mask.
        rows: First row that is looked at, and the row after the last.
        columns: The same of the columns.
    """
    width, count = mask.shape[1], 0
    (top, bottom), (left, right) = rows, columns
    places = np.empty(max(bottom - top, 0) * (right - left), np.int64)
    for i in range(top, bottom):
        for first in range(left, right, _BLOCK):
            last = min(first + _BLOCK, right)
            # Most blocks in the box around a crack show nothing of it.
            most = np.uint8(0)
            for j in range(first, last):
                most = max(most, mask[i, j])
            if most == 0:
                continue
            for j in range(first, last):
                if mask[i, j] > 0:
                    places[count] = i * width + j
                    count += 1
    return places[:count].copy()

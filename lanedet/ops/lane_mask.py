"""Masks of lanes at the size of the original image."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import ByteArray, FloatArray
from lanedet.ops.view import ViewTransform

_FAR = 2.0**20  # what lies farther away than this is moved here: no image is so large
# Moves a line off the rows, so that a level one of width 2 covers two rows, not one.
_NUDGE = 1e-6


def draw_lane_mask(
    lanes: Sequence[FloatArray], shape: tuple[int, int], width_px: float
) -> NDArray[np.bool_]:
    """Draw lanes as lines of exactly one width, with round ends.

    A pixel is set if its centre is nearer to a lane than half the width; of the two
    pixels that lie just so far away on either side, the left or upper one is set. A
    level or upright line of width 2 thus covers two rows or columns, where cv2 would
    draw three.

    Args:
        lanes: Polylines, each (N, 2) in pixels of the mask. Points may lie outside.
            One of fewer than two points leaves no mark.
        shape: (H, W) of the mask.
        width_px: Width of the lines, in pixels, > 0.

    Returns:
        (H, W), True on a lane.

    Raises:
        ValueError: If ``width_px`` is not positive or a coordinate is not finite.

    Example:
        >>> lane = np.array([[2.0, -5.0], [2.0, 5.0]])
        >>> draw_lane_mask([lane], (1, 5), width_px=2.0)
        array([[False,  True,  True, False, False]])
    """
    if not 0 < width_px < np.inf:
        raise ValueError(f"width_px must be positive, got {width_px}.")
    if not all(np.isfinite(lane).all() for lane in lanes):
        raise ValueError("A lane's coordinates must be finite.")
    pieces = [np.clip(lane, -_FAR, _FAR) for lane in lanes if len(lane) >= 2]
    if not pieces:
        return np.zeros(shape, dtype=np.bool_)
    starts = np.concatenate([lane[:-1] for lane in pieces]) - [0.0, _NUDGE]
    ends = np.concatenate([lane[1:] for lane in pieces]) - [0.0, _NUDGE]
    of_segment, rows = _rows_of_segments(starts, ends, shape[0], width_px / 2)
    left, right = _spans(starts[of_segment], ends[of_segment], rows, width_px / 2)
    return _fill(rows, left, right, shape)


def class_map_to_original(class_map: ByteArray, view: ViewTransform) -> ByteArray:
    """Return the class of each pixel of the original image: that of the nearest.

    Args:
        class_map: Class of each pixel of the network input, (H, W) of
            ``view.input_shape``, uint8.
        view: How the input was made.

    Returns:
        (H, W) uint8 of ``view.ori_shape``, 0 where the network did not look.

    Raises:
        ValueError: If the map has another size than the network input.
    """
    if class_map.shape != view.input_shape:
        raise ValueError(
            f"The class map must cover the network input {view.input_shape}, got "
            f"shape {class_map.shape}."
        )
    first_row, stop_row, first_column, stop_column = view.place
    top, bottom, left, right = view.crop
    original = np.zeros(view.ori_shape, dtype=np.uint8)
    original[top:bottom, left:right] = cv2.resize(
        class_map[first_row:stop_row, first_column:stop_column],
        (right - left, bottom - top),
        # The other one of cv2 is off by up to half a pixel of the map.
        interpolation=cv2.INTER_NEAREST_EXACT,
    )
    return original


def _rows_of_segments(
    starts: FloatArray, ends: FloatArray, height: int, radius: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs (segment, row) in which a segment may leave a mark."""
    low = np.minimum(starts[:, 1], ends[:, 1]) - radius
    high = np.maximum(starts[:, 1], ends[:, 1]) + radius
    first = np.clip(np.ceil(low), 0, height).astype(np.int64)
    last = np.clip(np.floor(high), -1, height - 1).astype(np.int64)
    counts = np.maximum(last - first + 1, 0)
    of_segment = np.repeat(np.arange(len(starts)), counts)
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return of_segment, first[of_segment] + offsets


def _spans(
    starts: FloatArray, ends: FloatArray, rows: NDArray[np.int64], radius: float
) -> tuple[FloatArray, FloatArray]:
    """Return from where to where segments cover rows, x of both sides, each (M,).

    A segment with its round ends is convex, so a row meets it in one span, whose ends
    lie on a round end or on one of the two long sides.
    """
    steps = ends - starts
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    normals = np.stack([-steps[:, 1], steps[:, 0]], axis=1) * (
        radius / np.where(lengths > 0, lengths, 1.0)[:, None]
    )
    lefts, rights = [], []
    for points in (starts, ends):
        below = radius**2 - (rows - points[:, 1]) ** 2
        reach = np.where(below > 0, np.sqrt(np.maximum(below, 0)), np.nan)
        lefts.append(points[:, 0] - reach)
        rights.append(points[:, 0] + reach)
    safe_rise = np.where(steps[:, 1] != 0, steps[:, 1], np.nan)
    for side in (normals, -normals):
        share = (rows - starts[:, 1] - side[:, 1]) / safe_rise
        x = starts[:, 0] + side[:, 0] + share * steps[:, 0]
        x = np.where((share >= 0) & (share <= 1), x, np.nan)
        lefts.append(x)
        rights.append(x)
    return np.fmin.reduce(lefts), np.fmax.reduce(rights)


def _fill(
    rows: NDArray[np.int64], left: FloatArray, right: FloatArray, shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return a mask whose pixels from ``left`` to before ``right`` are set."""
    height, width = shape
    is_met = ~np.isnan(left)
    first = np.clip(np.ceil(left[is_met]), 0, width).astype(np.int64)
    stop = np.clip(np.ceil(right[is_met]), 0, width).astype(np.int64)
    # Where spans begin and end; their running sum counts the spans over a pixel.
    line = rows[is_met] * (width + 1)
    size = height * (width + 1)
    edges = np.bincount(line + first, minlength=size) - np.bincount(
        line + stop, minlength=size
    )
    return np.asarray(np.cumsum(edges).reshape(height, width + 1)[:, :width] > 0)

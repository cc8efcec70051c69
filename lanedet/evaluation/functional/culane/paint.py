"""How CULane's official evaluator paints a lane, and how far painted lanes overlap.

The program draws thick lines with OpenCV 4 between successive pixels of a lane. OpenCV
5 draws long ones differently, so the rule of OpenCV 4 is written out here: a disc at
either end, and between them a parallelogram whose inside and whose outline are painted
in fixed point arithmetic. The outline is first clipped at the border of the image,
which moves some of its pixels by one: what a line looks like depends on where it lies.

A mask has one bit per pixel, (H, ceil(W / 64)) uint64, a row's first pixel in the
lowest bit of its first word. Numbers in fixed point have 16 bits of a pixel; quotients
of them are exact as floats.

No compiled code here calls that of another file: numba's cache would not notice a
change there.

Sources: https://github.com/opencv/opencv/blob/4.12.0/modules/imgproc/src/drawing.cpp
(ThickLine, FillConvexPoly, Line2, Circle, clipLine);
https://github.com/XingangPan/SCNN, tools/lane_evaluation (lane_compare.cpp).
"""

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lanedet.arrays import FloatArray
from lanedet.evaluation.functional.culane.spline import trace_lane

Mask = NDArray[np.uint64]
Ends = NDArray[np.int16]  # of an interval in each row, the pixel included
Corners = tuple[int, int, int, int]  # x or y of each in turn, in fixed point

_ONE = 1 << 16  # one pixel in fixed point
_HALF = 1 << 15
_FULL = np.uint64(0xFFFFFFFFFFFFFFFF)  # a word of 64 painted pixels
_FAR = np.int16(20_000)  # beyond all images; rows from there to -_FAR have no pixels


@njit(cache=True, nogil=True)
def _paint_rows(mask: Mask, width: int, top: int, lefts: Ends, rights: Ends) -> None:
    """Paint from ``top`` down what lies in the image of an interval in each row."""
    for row in range(max(-top, 0), min(len(lefts), len(mask) - top)):
        left, right = max(lefts[row], 0), min(rights[row], width - 1)
        for word in range(left >> 6, (right >> 6) + 1):
            bits = _FULL
            if word == left >> 6:
                bits <<= np.uint64(left & 63)
            if word == right >> 6:
                bits &= _FULL >> np.uint64(63 - (right & 63))
            mask[top + row, word] |= bits


@njit(cache=True, nogil=True)
def _put(mask: Mask, width: int, x: int, y: int) -> None:
    """Paint a pixel, if it lies in the image."""
    if 0 <= x < width and 0 <= y < len(mask):
        mask[y, x >> 6] |= np.uint64(1) << np.uint64(x & 63)


@njit(cache=True, nogil=True)
def _clip(u1: int, v1: int, u2: int, v2: int, last: int) -> tuple[int, int, int, int]:
    """Clip a line that meets 0 <= u <= last at these, its second end after the first.

    As in OpenCV intersections are computed in double, and rounded towards the end.
    """
    edge = min(max(u1, 0), last)
    if edge != u1:
        v1 += int(float(edge - u1) * float(v2 - v1) / float(u2 - u1))
        u1 = edge
    edge = min(max(u2, 0), last)
    if edge != u2:
        v2 += int(float(edge - u2) * float(v2 - v1) / float(u2 - u1))
        u2 = edge
    return u1, v1, u2, v2


@njit(cache=True, nogil=True)
def _paint_edge(mask: Mask, width: int, x1: int, y1: int, x2: int, y2: int) -> None:
    """Paint a line one pixel wide between two points in fixed point."""
    right, bottom = width * _ONE - 1, len(mask) * _ONE - 1
    if max(y1, y2) < 0 or min(y1, y2) > bottom:
        return
    y1, x1, y2, x2 = _clip(y1, x1, y2, x2, bottom)
    if max(x1, x2) < 0 or min(x1, x2) > right:
        return
    x1, y1, x2, y2 = _clip(x1, y1, x2, y2, right)
    along_x = abs(x2 - x1) > abs(y2 - y1)
    if (x2 < x1) if along_x else (y2 < y1):
        x1, y1, x2, y2 = x2, y2, x1, y1
    x, y, dx, dy = x1 + _HALF, y1 + _HALF, x2 - x1, y2 - y1
    if along_x:
        slope = int(dy * _ONE / (dx | 1))
        for k in range((dx >> 16) + 1):
            _put(mask, width, (x >> 16) + k, (y + k * slope) >> 16)
    else:
        slope = int(dx * _ONE / (dy | 1))
        for k in range((dy >> 16) + 1):
            _put(mask, width, (x + k * slope) >> 16, (y >> 16) + k)
    _put(mask, width, (x2 + _HALF) >> 16, (y2 + _HALF) >> 16)


@njit(cache=True, nogil=True)
def _paint_inside(mask: Mask, width: int, xs: Corners, ys: Corners) -> None:
    """Paint the inside of a parallelogram."""
    # What lies beside the image is not painted, though slopes, which are rounded, may
    # lead into it from far away, nor what goes beyond the 32 bits that OpenCV has.
    for us, side in ((xs, width), (ys, len(mask))):
        first, last = (min(us) + _HALF) >> 16, (max(us) + _HALF) >> 16
        if not (-(2**31) <= first < side and 0 <= last < 2**31):
            return
    # Two sides cross each row.
    first, last = max(first, 0), min(last, len(mask))
    lefts, rights = np.full(last - first, _FAR), np.full(last - first, -_FAR)
    for i in range(4):
        j = (i + 1) % 4
        if ys[j] < ys[i]:
            i, j = j, i
        top, bottom = (ys[i] + _HALF) >> 16, (ys[j] + _HALF) >> 16
        if top == bottom:
            continue
        slope = int(((xs[j] - xs[i]) * 2 + bottom - top) / (2 * (bottom - top)))
        for y in range(max(top, first), min(bottom, last)):
            x = (xs[i] + slope * (y - top) + _HALF) >> 16
            end = min(max(x, -_FAR), _FAR)
            lefts[y - first] = min(lefts[y - first], end)
            rights[y - first] = max(rights[y - first], end)
    _paint_rows(mask, width, first, lefts, rights)


@njit(cache=True, nogil=True)
def _paint_between(
    mask: Mask, width: int, radius: int, start: tuple[int, int], step: tuple[int, int]
) -> None:
    """Paint a thick line from a pixel to another without the discs at its ends."""
    (x, y), (dx, dy) = start, step
    scale = radius * 65536.0 / np.sqrt(float(dx) * float(dx) + float(dy) * float(dy))
    off_x, off_y = int(np.rint(dy * scale)), int(np.rint(-dx * scale))
    x0, y0, x1, y1 = x * _ONE, y * _ONE, (x + dx) * _ONE, (y + dy) * _ONE
    xs = (x0 + off_x, x0 - off_x, x1 - off_x, x1 + off_x)
    ys = (y0 + off_y, y0 - off_y, y1 - off_y, y1 + off_y)
    margin = radius + 2
    is_far_inside = margin <= x < width - margin and margin <= y < len(mask) - margin
    if max(abs(dx), abs(dy)) == 1 and is_far_inside:
        # No more than its corners lies beside the discs of two neighbours.
        for i in range(4):
            _put(mask, width, (xs[i] + _HALF) >> 16, (ys[i] + _HALF) >> 16)
        return
    for i in range(4):
        j = (i + 3) % 4
        _paint_edge(mask, width, xs[j], ys[j], xs[i], ys[i])
    _paint_inside(mask, width, xs, ys)


@njit(cache=True, nogil=True)
def _paint_discs(mask: Mask, width: int, disc: Ends, pixels: NDArray[np.int32]) -> None:
    """Paint discs around pixels that lead from neighbour to neighbour, never back in y.

    The discs of neighbours touch in all rows that both have, so that together they
    cover one interval of each row. ``disc`` is half the width of one in its rows.
    """
    radius, (xs, ys) = len(disc) // 2, pixels.T
    top = min(ys[0], ys[-1])
    lefts = np.full(abs(ys[-1] - ys[0]) + len(disc), _FAR)
    rights = np.full(len(lefts), -_FAR)
    for k in range(len(pixels)):
        is_same = k > 0 and xs[k] == xs[k - 1] and ys[k] == ys[k - 1]
        if is_same or not -radius <= xs[k] < width + radius:
            continue
        # Many rows at a time, which is why they are numbers of 16 bits.
        rows = slice(ys[k] - top, ys[k] - top + len(disc))
        left, right = lefts[rows], rights[rows]
        for row in range(len(disc)):
            left[row] = min(left[row], np.int16(xs[k] - disc[row]))
            right[row] = max(right[row], np.int16(xs[k] + disc[row]))
    _paint_rows(mask, width, top - radius, lefts, rights)


@njit(cache=True, nogil=True)
def paint_lane(
    pixels: NDArray[np.int32], shape: tuple[int, int], lane_width: int
) -> Mask:
    """Return the mask of a lane: thick lines between its successive pixels.

    Args:
        pixels: x and y of each, (N, 2), N >= 1.
        shape: (H, W) of the image in pixels.
        lane_width: Thickness of the lines in pixels, at least 2.
    """
    height, width = shape
    mask = np.zeros((height, (width + 63) // 64), np.uint64)
    radius = (lane_width + 1) // 2
    # A disc is all that is no further away than its radius.
    disc = np.empty(2 * radius + 1, np.int16)
    for row in range(len(disc)):
        disc[row] = int(np.sqrt(radius**2 - (row - radius) ** 2))
    first, direction = 0, 0
    for k in range(1, len(pixels)):
        x, y = np.int64(pixels[k - 1, 0]), np.int64(pixels[k - 1, 1])
        dx, dy = pixels[k, 0] - x, pixels[k, 1] - y
        # A line to the next row or column lies within its discs.
        if abs(dx) + abs(dy) > 1:
            _paint_between(mask, width, radius, (x, y), (dx, dy))
        if max(abs(dx), abs(dy)) > 1 or dy * direction < 0:
            _paint_discs(mask, width, disc, pixels[first:k])
            first, direction = k, 0
        elif dy != 0:
            direction = dy
    _paint_discs(mask, width, disc, pixels[first:])
    return mask


@njit(cache=True, nogil=True)
def _num_bits(word: np.uint64) -> int:
    # LLVM knows this loop, and makes of it the processor's instruction.
    count = 0
    while word:
        word &= word - np.uint64(1)
        count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _iou(a: Mask, b: Mask) -> float:
    shared, either = 0, 0
    for row in range(a.shape[0]):
        for word in range(a.shape[1]):
            shared += _num_bits(a[row, word] & b[row, word])
            either += _num_bits(a[row, word] | b[row, word])
    return shared / either


def painted_ious(
    pred_lanes: Sequence[FloatArray],
    gt_lanes: Sequence[FloatArray],
    shape: tuple[int, int],
    lane_width: int,
) -> FloatArray:
    """Return how far painted lanes overlap.

    Args:
        pred_lanes: Predicted lanes, each (N, 2) in pixels.
        gt_lanes: Labelled lanes.
        shape: (H, W) of the image in pixels.
        lane_width: Width of a painted lane in pixels, at least 2.

    Returns:
        (G, P), the number of pixels that both lanes cover over the number that either
        does: in [0, 1], 0 where a lane has fewer than two points and NaN where both
        lie outside the image.

    Example:
        >>> upright = np.array([[800.0, 580.0], [800.0, 300.0]])
        >>> painted_ious([upright + 8], [upright], (590, 1640), 30).round(3)
        array([[0.579]])
    """

    def mask(lane: FloatArray) -> Mask | None:
        points = np.ascontiguousarray(lane, dtype=np.float64)
        if len(points) < 2:
            return None
        return paint_lane(trace_lane(points), shape, lane_width)

    gts, preds = [mask(lane) for lane in gt_lanes], [mask(lane) for lane in pred_lanes]
    ious = [
        [0.0 if gt is None or pred is None else _iou(gt, pred) for pred in preds]
        for gt in gts
    ]
    return np.array(ious, dtype=np.float64).reshape(len(gt_lanes), len(pred_lanes))

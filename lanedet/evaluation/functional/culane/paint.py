"""How CULane's official evaluator paints a lane, and how far painted lanes overlap.

The program draws thick lines with OpenCV 4 between successive pixels of a lane. OpenCV
5 draws long ones differently, so the rule of OpenCV 4 is written out here: a disc at
either end, and between them a parallelogram whose inside and whose outline are painted
in 16-bit fixed point arithmetic. The outline is first clipped at the border of the
image, which moves some of its pixels by one: what a line looks like depends on where
it lies.

A mask has one bit per pixel, (H, ceil(W / 64)) uint64, a row's first pixel in the
lowest bit of its first word.

All compiled code is in this one file because numba's cache of compiled functions does
not notice a change in another file.

Sources: https://github.com/opencv/opencv/blob/4.12.0/modules/imgproc/src/drawing.cpp
(ThickLine, FillConvexPoly, Line2, Circle, clipLine);
https://github.com/XingangPan/SCNN, tools/lane_evaluation (lane_compare.cpp).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lanedet.arrays import ByteArray, FloatArray

Mask = NDArray[np.uint64]
Intervals = NDArray[np.int16]  # one end of each row's

_ONE = 1 << 16  # one pixel in fixed point
_HALF = 1 << 15
_LEAST, _LARGEST = -(2**31), 2**31 - 1
_FULL = np.uint64(0xFFFFFFFFFFFFFFFF)  # a word of 64 painted pixels
_FAR = 20_000  # a row without painted pixels is the interval [_FAR, -_FAR]


@njit(cache=True, nogil=True)
def _divide(a: int, b: int) -> int:
    """Divide integers as C++ does: towards zero."""
    quotient = a // b
    if quotient < 0 and quotient * b != a:
        quotient += 1
    return quotient


@njit(cache=True, nogil=True)
def _share(a: int, b: int, c: int) -> int:
    """Return a * b / c as OpenCV does when it clips: in double, towards zero."""
    return int(float(a) * float(b) / float(c))


@njit(cache=True, nogil=True)
def _outcode(x: int, y: int, right: int, bottom: int) -> int:
    """Return where a point lies: the sum of 1 left, 2 right, 4 above and 8 below."""
    return (x < 0) + 2 * (x > right) + 4 * (y < 0) + 8 * (y > bottom)


@njit(cache=True, nogil=True)
def _clip(
    x1: int, y1: int, x2: int, y2: int, right: int, bottom: int
) -> tuple[bool, int, int, int, int]:
    """Clip a line at the image, rounding intersections towards its first corner."""
    c1 = _outcode(x1, y1, right, bottom)
    c2 = _outcode(x2, y2, right, bottom)
    if (c1 & c2) == 0 and (c1 | c2) != 0:
        if c1 & 12:
            edge = 0 if c1 < 8 else bottom
            x1 += _share(edge - y1, x2 - x1, y2 - y1)
            y1 = edge
            c1 = _outcode(x1, y1, right, bottom) & 3
        if c2 & 12:
            edge = 0 if c2 < 8 else bottom
            x2 += _share(edge - y2, x2 - x1, y2 - y1)
            y2 = edge
            c2 = _outcode(x2, y2, right, bottom) & 3
        if (c1 & c2) == 0 and (c1 | c2) != 0:
            if c1:
                edge = 0 if c1 == 1 else right
                y1 += _share(edge - x1, y2 - y1, x2 - x1)
                x1 = edge
                c1 = 0
            if c2:
                edge = 0 if c2 == 1 else right
                y2 += _share(edge - x2, y2 - y1, x2 - x1)
                x2 = edge
                c2 = 0
    return (c1 | c2) == 0, x1, y1, x2, y2


@njit(cache=True, nogil=True)
def _put(mask: Mask, width: int, x: int, y: int) -> None:
    """Paint a pixel, if it lies in the image."""
    if 0 <= x < width and 0 <= y < len(mask):
        mask[y, x >> 6] |= np.uint64(1) << np.uint64(x & 63)


@njit(cache=True, nogil=True)
def _paint_row(mask: Mask, width: int, left: int, right: int, y: int) -> None:
    """Paint the pixels ``left`` to ``right`` of row ``y`` that lie in the image."""
    left, right = max(left, 0), min(right, width - 1)
    if not 0 <= y < len(mask) or left > right:
        return
    first, last = left >> 6, right >> 6
    from_left = _FULL << np.uint64(left & 63)
    to_right = _FULL >> np.uint64(63 - (right & 63))
    if first == last:
        mask[y, first] |= from_left & to_right
        return
    mask[y, first] |= from_left
    for word in range(first + 1, last):
        mask[y, word] = _FULL
    mask[y, last] |= to_right


@njit(cache=True, nogil=True)
def _paint_edge(mask: Mask, width: int, x1: int, y1: int, x2: int, y2: int) -> None:
    """Paint a line one pixel wide between two points in fixed point."""
    right, bottom = width * _ONE - 1, len(mask) * _ONE - 1
    is_inside, x1, y1, x2, y2 = _clip(x1, y1, x2, y2, right, bottom)
    if not is_inside:
        return
    dx, dy = x2 - x1, y2 - y1
    along_x = abs(dx) > abs(dy)
    if (dx < 0) if along_x else (dy < 0):
        x1, y1, x2, y2, dx, dy = x2, y2, x1, y1, -dx, -dy
    x, y = x1 + _HALF, y1 + _HALF
    if along_x:
        slope = _divide(dy * _ONE, dx | 1)
        for k in range((dx >> 16) + 1):
            _put(mask, width, (x >> 16) + k, (y + k * slope) >> 16)
    else:
        slope = _divide(dx * _ONE, dy | 1)
        for k in range((dy >> 16) + 1):
            _put(mask, width, (x + k * slope) >> 16, (y >> 16) + k)
    _put(mask, width, (x2 + _HALF) >> 16, (y2 + _HALF) >> 16)


@njit(cache=True, nogil=True)
def _slope(x1: int, x2: int, rows: int) -> int:
    """Return how far an edge leads to the right per row, in fixed point."""
    return _divide((x2 - x1) * 2 + rows, 2 * rows) if rows > 0 else 0


@njit(cache=True, nogil=True)
def _paint_inside(
    mask: Mask,
    width: int,
    xs: tuple[int, int, int, int],
    ys: tuple[int, int, int, int],
) -> None:
    """Paint the inside of a parallelogram, its corners in turn in fixed point."""
    rows = (
        (ys[0] + _HALF) >> 16,
        (ys[1] + _HALF) >> 16,
        (ys[2] + _HALF) >> 16,
        (ys[3] + _HALF) >> 16,
    )
    top = 0
    for corner in range(1, 4):
        if ys[corner] < ys[top]:
            top = corner
    a, bottom, b = (top + 1) % 4, (top + 2) % 4, (top + 3) % 4
    # What lies beside the image is not painted, though slopes, which are rounded, may
    # lead into it from far away, nor what goes beyond the 32 bits that OpenCV has.
    first, last = (min(xs) + _HALF) >> 16, (max(xs) + _HALF) >> 16
    if not (_LEAST <= first < width and 0 <= last <= _LARGEST):
        return
    if not (_LEAST <= rows[top] < len(mask) and 0 <= rows[bottom] <= _LARGEST):
        return
    # Two edges lead down from the top. The others are parallel to them.
    slope_a = _slope(xs[top], xs[a], rows[a] - rows[top])
    slope_b = _slope(xs[top], xs[b], rows[b] - rows[top])
    for y in range(max(rows[top], 0), min(rows[bottom], len(mask))):
        x_a = xs[top] + slope_a * (y - rows[top])
        if y >= rows[a]:
            x_a = xs[a] + slope_b * (y - rows[a])
        x_b = xs[top] + slope_b * (y - rows[top])
        if y >= rows[b]:
            x_b = xs[b] + slope_a * (y - rows[b])
        left, right = min(x_a, x_b), max(x_a, x_b)
        _paint_row(mask, width, (left + _HALF) >> 16, (right + _HALF) >> 16, y)


@njit(cache=True, nogil=True)
def _paint_between(
    mask: Mask, width: int, radius: int, start: tuple[int, int], end: tuple[int, int]
) -> None:
    """Paint a thick line between two pixels without the discs at its ends."""
    dx, dy = float(start[0] - end[0]), float(end[1] - start[1])
    scale = radius * 65536.0 / np.sqrt(dx * dx + dy * dy)
    off_x, off_y = int(np.rint(dy * scale)), int(np.rint(dx * scale))
    (x0, y0), (x1, y1) = start, end
    x0, y0, x1, y1 = x0 * _ONE, y0 * _ONE, x1 * _ONE, y1 * _ONE
    xs = (x0 + off_x, x0 - off_x, x1 - off_x, x1 + off_x)
    ys = (y0 + off_y, y0 - off_y, y1 - off_y, y1 + off_y)
    for i in range(4):
        j = (i + 3) % 4
        _paint_edge(mask, width, xs[j], ys[j], xs[i], ys[i])
    _paint_inside(mask, width, xs, ys)


@njit(cache=True, nogil=True)
def _is_inside(mask: Mask, width: int, margin: int, x: int, y: int) -> bool:
    """Return whether a pixel is that far from the border of the image."""
    return margin <= x < width - margin and margin <= y < len(mask) - margin


@njit(cache=True, nogil=True)
def _paint_corners(
    mask: Mask, width: int, radius: int, start: tuple[int, int], step: tuple[int, int]
) -> None:
    """Paint what a line to a diagonal neighbour covers beside its discs.

    Far from the border that is no more than the corners of its parallelogram.
    """
    off = (int(np.rint(radius * 65536.0 / np.sqrt(2.0))) + _HALF) >> 16
    (x, y), (dx, dy) = start, step
    for k in range(2):
        _put(mask, width, x + k * dx + dy * off, y + k * dy - dx * off)
        _put(mask, width, x + k * dx - dy * off, y + k * dy + dx * off)


@njit(cache=True, nogil=True)
def _disc_rows(radius: int) -> NDArray[np.int16]:
    """Return half the width of a filled disc in each of its rows, (2 radius + 1,)."""
    rows = np.zeros(2 * radius + 1, np.int16)
    x, y, error, plus, minus = radius, 0, 0, 1, 2 * radius - 1
    while x >= y:
        for row, half in ((y, x), (x, y)):
            rows[radius + row] = max(rows[radius + row], half)
            rows[radius - row] = rows[radius + row]
        y += 1
        error += plus
        plus += 2
        if error > 0:
            error -= minus
            x -= 1
            minus -= 2
    return rows


@njit(cache=True, nogil=True)
def _add_disc(
    left: Intervals, right: Intervals, disc: NDArray[np.int16], x: int, first: int
) -> None:
    """Widen the intervals from row ``first`` on so that they cover a disc around x."""
    left, right = left[first : first + len(disc)], right[first : first + len(disc)]
    for row in range(len(disc)):
        left[row] = min(left[row], np.int16(x - disc[row]))
        right[row] = max(right[row], np.int16(x + disc[row]))


@njit(cache=True, nogil=True)
def _paint_discs(
    mask: Mask, width: int, left: Intervals, right: Intervals, rows: tuple[int, int]
) -> None:
    """Paint the intervals of some rows, and empty them."""
    above = (len(left) - len(mask)) // 2
    for row in range(*rows):
        _paint_row(mask, width, left[row], right[row], row - above)
        left[row], right[row] = _FAR, -_FAR


@njit(cache=True, nogil=True)
def _paint_lane(
    mask: Mask, width: int, radius: int, xs: NDArray[np.int32], ys: NDArray[np.int32]
) -> None:
    """Paint thick lines between the successive pixels of a lane.

    While a lane leads from neighbour to neighbour and does not turn back in y, its
    discs cover one interval in each row: those of two neighbours touch in all rows that
    both have. Intervals are widened many rows at a time, and painted at the end.
    """
    disc = _disc_rows(radius)
    # With room above and below the image for discs that touch it.
    left = np.full(len(mask) + 4 * radius, _FAR, np.int16)
    right = np.full(len(left), -_FAR, np.int16)
    first, last, direction = len(left), 0, 0
    x, y = int(xs[0]), int(ys[0])
    for k in range(len(xs)):
        dx, dy = int(xs[k]) - x, int(ys[k]) - y
        if k > 0 and dx == 0 and dy == 0:
            continue
        if max(abs(dx), abs(dy)) > 1 or dy * direction < 0:
            _paint_discs(mask, width, left, right, (first, last))
            first, last, direction = len(left), 0, 0
        direction = dy if dy != 0 else direction
        # A line to the next row or column lies within its discs.
        if abs(dx) + abs(dy) > 1:
            if max(abs(dx), abs(dy)) == 1 and _is_inside(mask, width, radius + 2, x, y):
                _paint_corners(mask, width, radius, (x, y), (dx, dy))
            else:
                _paint_between(mask, width, radius, (x, y), (x + dx, y + dy))
        x, y = x + dx, y + dy
        if -radius <= x < width + radius and -radius <= y < len(mask) + radius:
            top = y + radius
            _add_disc(left, right, disc, x, top)
            first, last = min(first, top), max(last, top + len(disc))
    _paint_discs(mask, width, left, right, (first, last))


@njit(cache=True, nogil=True)
def _num_shared(a: Mask, b: Mask) -> int:
    """Return how many pixels two masks share."""
    total = np.uint64(0)
    for row in range(a.shape[0]):
        for word in range(a.shape[1]):
            # Bits are counted in each two, each four and each byte of them.
            bits = a[row, word] & b[row, word]
            bits -= (bits >> np.uint64(1)) & np.uint64(0x5555555555555555)
            fours = np.uint64(0x3333333333333333)
            bits = (bits & fours) + ((bits >> np.uint64(2)) & fours)
            bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
            total += (bits * np.uint64(0x0101010101010101)) >> np.uint64(56)
    return int(total)


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_ious(
    pixels: NDArray[np.int32],
    starts: NDArray[np.int64],
    shape: tuple[int, int],
    radius: int,
    ious: FloatArray,
) -> None:
    num_gt, num_pred = ious.shape
    num_lanes = num_gt + num_pred
    masks = np.zeros((num_lanes, shape[0], (shape[1] + 63) // 64), np.uint64)
    areas = np.zeros(num_lanes)
    for lane in range(num_lanes):
        xs, ys = pixels[:, starts[lane] : starts[lane + 1]]
        if len(xs) > 0:
            _paint_lane(masks[lane], shape[1], radius, xs, ys)
            areas[lane] = _num_shared(masks[lane], masks[lane])
    for i in range(num_gt):
        for j in range(num_pred):
            k = num_gt + j
            shared = float(_num_shared(masks[i], masks[k]))
            ious[i, j] = shared / (areas[i] + areas[k] - shared)
            if starts[i] == starts[i + 1] or starts[k] == starts[k + 1]:
                ious[i, j] = 0.0


def painted_ious(
    pixels: NDArray[np.int32],
    starts: NDArray[np.int64],
    num_gt: int,
    shape: tuple[int, int],
    lane_width: int,
) -> FloatArray:
    """Return how far the labelled and the predicted lanes of an image overlap.

    Args:
        pixels: Pixels of all lanes, labels first, (2, M), x and y, as
            :func:`~lanedet.evaluation.functional.culane.spline.trace_lanes` gives them.
        starts: Where each of the G + P lanes starts in ``pixels``, and where the last
            one ends, (G + P + 1,).
        num_gt: Number of labels G.
        shape: (H, W) of the image in pixels.
        lane_width: Thickness of the lines in pixels, at least 2.

    Returns:
        (G, P), the number of pixels that both lanes cover over the number that either
        does: in [0, 1], 0 where a lane has no pixel and NaN where both lie outside the
        image.
    """
    ious = np.empty((num_gt, len(starts) - 1 - num_gt))
    _fill_ious(pixels, starts, shape, (lane_width + 1) // 2, ious)
    return ious


def paint_line(
    shape: tuple[int, int], start: tuple[int, int], end: tuple[int, int], width: int
) -> ByteArray:
    """Return an image with a thick line as OpenCV 4 paints it.

    Args:
        shape: (H, W) of the image in pixels.
        start: The first pixel, (x, y). It may lie outside the image.
        end: The last pixel, (x, y).
        width: Thickness in pixels, at least 2.

    Returns:
        (H, W) uint8, 1 on the line and 0 elsewhere.
    """
    mask = np.zeros((shape[0], (shape[1] + 63) // 64), np.uint64)
    xs, ys = np.array([start, end], np.int32).T.copy()
    _paint_lane(mask, shape[1], (width + 1) // 2, xs, ys)
    bits = np.unpackbits(mask.astype("<u8").view(np.uint8), axis=1, bitorder="little")
    return bits[:, : shape[1]]

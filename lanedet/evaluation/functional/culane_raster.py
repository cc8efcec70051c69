"""How CULane's official evaluator paints a lane, and how far painted lanes overlap.

The program draws thick lines with OpenCV 4 between successive pixels of a lane. OpenCV
5 draws long ones differently, so the rule of OpenCV 4 is written out here: two discs
and a four-sided polygon whose inside and whose outline are painted in 16-bit fixed
point arithmetic. The outline is first clipped at the border of the image, which moves
some of its pixels by one: what a line looks like depends on where it lies.

Painting a whole image per lane is slow. Here a lane that never turns back in y is kept
as one interval per image row, because every line of a few pixels covers an interval
in each row, and two successive lines share a disc. What such lines cover is looked up
in tables, made by the rule itself, for lines far from the border and near one. All
other lanes are painted in full. ``tests/oracles/culane.py`` paints every pair in full.

All compiled code is in this one file because numba's cache of compiled functions does
not notice a change in another file.

Sources: https://github.com/opencv/opencv/blob/4.12.0/modules/imgproc/src/drawing.cpp
(ThickLine, FillConvexPoly, Line2, Circle, clipLine);
https://github.com/XingangPan/SCNN, tools/lane_evaluation (lane_compare.cpp).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lanedet.arrays import ByteArray, FloatArray

_ONE = 1 << 16  # one pixel in fixed point
_HALF = 1 << 15
_REACH = 3  # lines of up to so many pixels in x and y are looked up
_NUM_STEPS = (2 * _REACH + 1) ** 2
_FAR = 10_000  # an empty row is the interval [_FAR, -_FAR]


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
def _wrap32(value: int) -> int:
    return ((value + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


@njit(cache=True, nogil=True)
def _outcode(x: int, y: int, right: int, bottom: int) -> int:
    """Return where a point lies: the sum of 1 left, 2 right, 4 above and 8 below."""
    code = 0
    if x < 0:
        code = 1
    elif x > right:
        code = 2
    if y < 0:
        code += 4
    elif y > bottom:
        code += 8
    return code


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
            x1 += _share((edge - y1), (x2 - x1), y2 - y1)
            y1 = edge
            c1 = _outcode(x1, y1, right, bottom) & 3
        if c2 & 12:
            edge = 0 if c2 < 8 else bottom
            x2 += _share((edge - y2), (x2 - x1), y2 - y1)
            y2 = edge
            c2 = _outcode(x2, y2, right, bottom) & 3
        if (c1 & c2) == 0 and (c1 | c2) != 0:
            if c1:
                edge = 0 if c1 == 1 else right
                y1 += _share((edge - x1), (y2 - y1), x2 - x1)
                x1 = edge
                c1 = 0
            if c2:
                edge = 0 if c2 == 1 else right
                y2 += _share((edge - x2), (y2 - y1), x2 - x1)
                x2 = edge
                c2 = 0
    return (c1 | c2) == 0, x1, y1, x2, y2


@njit(cache=True, nogil=True)
def _put(
    canvas: ByteArray,
    origin_x: int,
    origin_y: int,
    shape: tuple[int, int],
    x: int,
    y: int,
) -> None:
    if 0 <= x < shape[1] and 0 <= y < shape[0]:
        canvas[y - origin_y, x - origin_x] = 1


@njit(cache=True, nogil=True)
def _paint_row(
    canvas: ByteArray,
    origin_x: int,
    origin_y: int,
    shape: tuple[int, int],
    left: int,
    right: int,
    y: int,
) -> None:
    if 0 <= y < shape[0]:
        for x in range(max(left, 0), min(right, shape[1] - 1) + 1):
            canvas[y - origin_y, x - origin_x] = 1


@njit(cache=True, nogil=True)
def _paint_edge(
    canvas: ByteArray,
    origin_x: int,
    origin_y: int,
    shape: tuple[int, int],
    x1: int,
    y1: int,
    x2: int,
    y2: int,
) -> None:
    """Paint a line one pixel wide between two points in fixed point."""
    right, bottom = shape[1] * _ONE - 1, shape[0] * _ONE - 1
    inside, x1, y1, x2, y2 = _clip(x1, y1, x2, y2, right, bottom)
    if not inside:
        return
    dx, dy = x2 - x1, y2 - y1
    along_x = abs(dx) > abs(dy)
    if (dx < 0) if along_x else (dy < 0):
        x1, y1, x2, y2, dx, dy = x2, y2, x1, y1, -dx, -dy
    x_end, y_end = (x2 + _HALF) >> 16, (y2 + _HALF) >> 16
    _put(canvas, origin_x, origin_y, shape, x_end, y_end)
    x1 += _HALF
    y1 += _HALF
    if along_x:
        step = _divide(dy * _ONE, dx | 1)
        for k in range((dx >> 16) + 1):
            y = (y1 + k * step) >> 16
            _put(canvas, origin_x, origin_y, shape, (x1 >> 16) + k, y)
    else:
        step = _divide(dx * _ONE, dy | 1)
        for k in range((dy >> 16) + 1):
            x = (x1 + k * step) >> 16
            _put(canvas, origin_x, origin_y, shape, x, (y1 >> 16) + k)


@njit(cache=True, nogil=True)
def _next_edge(
    xs: NDArray[np.int64],
    ys: NDArray[np.int64],
    y: int,
    turn: int,
    edge: NDArray[np.int64],
    edges_left: int,
) -> int:
    """Step on to the edge of a polygon's side that crosses row ``y``.

    ``edge`` is where it ends, the corner there, its x in this row and its x per row.
    Returns how many edges are left to step on to, -1 if they were used up.
    """
    here = edge[1]
    while edges_left > 0:
        edges_left -= 1
        there = (here + turn) % 4
        end = (ys[there] + _HALF) >> 16
        if end > y:
            height = end - y
            slope = _divide((xs[there] - xs[here]) * 2 + height, 2 * height)
            edge[0], edge[1], edge[2], edge[3] = end, there, xs[here], slope
            return edges_left
        here = there
    return -1


@njit(cache=True, nogil=True)
def _paint_inside(
    canvas: ByteArray,
    origin_x: int,
    origin_y: int,
    shape: tuple[int, int],
    xs: NDArray[np.int64],
    ys: NDArray[np.int64],
) -> None:
    """Paint the inside of a convex polygon of four corners in fixed point.

    Two sides run down from the top corner, one along the corners and one against.
    """
    top = 0
    for corner in range(1, 4):
        if ys[corner] < ys[top]:
            top = corner
    # OpenCV keeps these bounds in 32 bits: a polygon beyond them is not painted.
    x_min, x_max = _wrap32((min(xs) + _HALF) >> 16), _wrap32((max(xs) + _HALF) >> 16)
    y, y_max = _wrap32((ys[top] + _HALF) >> 16), _wrap32((max(ys) + _HALF) >> 16)
    if x_max < 0 or y_max < 0 or x_min >= shape[1] or y >= shape[0]:
        return
    y_max = min(y_max, shape[0] - 1)
    edges = np.array([[y, top, -_ONE, 0], [y, top, -_ONE, 0]])
    edges_left = 4
    while y <= y_max:
        for side in range(2):
            if y >= edges[side, 0]:
                turn = 1 if side == 0 else 3
                edges_left = _next_edge(xs, ys, y, turn, edges[side], edges_left)
                if edges_left < 0:
                    return
        rows = 1
        if y >= 0:
            left = (min(edges[0, 2], edges[1, 2]) + _HALF) >> 16
            right = (max(edges[0, 2], edges[1, 2]) + _HALF) >> 16
            _paint_row(canvas, origin_x, origin_y, shape, left, right, y)
        else:  # rows above the image are passed over at once: up to 2**31 of them
            rows = min(edges[0, 0], edges[1, 0], 0) - y
        for side in range(2):
            edges[side, 2] += edges[side, 3] * rows
        y += rows


@njit(cache=True, nogil=True)
def _paint_disc(
    canvas: ByteArray,
    origin_x: int,
    origin_y: int,
    shape: tuple[int, int],
    disc: NDArray[np.int64],
    x: int,
    y: int,
) -> None:
    radius = len(disc) - 1
    for row in range(-radius, radius + 1):
        half = disc[abs(row)]
        _paint_row(canvas, origin_x, origin_y, shape, x - half, x + half, y + row)


@njit(cache=True, nogil=True)
def _paint_line(
    canvas: ByteArray,
    origin_x: int,
    origin_y: int,
    shape: tuple[int, int],
    line: tuple[int, int, int, int],
    width: int,
    disc: NDArray[np.int64],
) -> None:
    """Paint a thick line between two pixels, ``line`` = (x0, y0, x1, y1).

    ``canvas`` is a window of the image whose first pixel is the origin. All that is
    painted must lie in it.
    """
    x0, y0, x1, y1 = line
    dx, dy = np.float64(x0 - x1), np.float64(y1 - y0)
    if dx != 0 or dy != 0:
        scale = width * 32768.0 / np.sqrt(dx * dx + dy * dy)
        if width & 1:
            scale = (width * 32768.0 + 32768.0) / np.sqrt(dx * dx + dy * dy)
        off_x, off_y = np.int64(np.rint(dy * scale)), np.int64(np.rint(dx * scale))
        x0_fixed, y0_fixed = x0 * _ONE, y0 * _ONE
        x1_fixed, y1_fixed = x1 * _ONE, y1 * _ONE
        xs = np.empty(4, np.int64)
        ys = np.empty(4, np.int64)
        xs[0], ys[0] = x0_fixed + off_x, y0_fixed + off_y
        xs[1], ys[1] = x0_fixed - off_x, y0_fixed - off_y
        xs[2], ys[2] = x1_fixed - off_x, y1_fixed - off_y
        xs[3], ys[3] = x1_fixed + off_x, y1_fixed + off_y
        for i in range(4):
            x_from, y_from = xs[i - 1], ys[i - 1]
            _paint_edge(canvas, origin_x, origin_y, shape, x_from, y_from, xs[i], ys[i])
        _paint_inside(canvas, origin_x, origin_y, shape, xs, ys)
    _paint_disc(canvas, origin_x, origin_y, shape, disc, x0, y0)
    _paint_disc(canvas, origin_x, origin_y, shape, disc, x1, y1)


@njit(cache=True, nogil=True)
def _disc_rows(radius: int) -> NDArray[np.int64]:
    """Return half the width of a filled disc at 0..radius rows from its centre."""
    rows = np.zeros(radius + 1, np.int64)
    x, y, error, plus, minus = radius, 0, 0, 1, 2 * radius - 1
    while x >= y:
        rows[y] = max(rows[y], x)
        rows[x] = max(rows[x], y)
        y += 1
        error += plus
        plus += 2
        if error > 0:
            error -= minus
            x -= 1
            minus -= 2
    return rows


def paint_line(
    mask: ByteArray, start: tuple[int, int], end: tuple[int, int], width: int
) -> None:
    """Paint a thick line as OpenCV 4 does, whichever OpenCV is installed.

    Args:
        mask: The image, (H, W) uint8, painted with 1.
        start: The first pixel, (x, y). It may lie outside the image.
        end: The last pixel, (x, y).
        width: Thickness in pixels, at least 2.
    """
    disc = _disc_rows((width + 1) // 2)
    _paint_line(mask, 0, 0, mask.shape, (*start, *end), width, disc)


class _Stamps(NamedTuple):
    """What lines of a few pixels cover, row by row.

    A line from (x, y) to (x + dx, y + dy) covers x + left .. x + right in the rows
    y - margin .. y + margin. The first axis is where the line starts: 0 far from the
    border or anywhere on an axis, then in turn near the upper, lower, left and right
    one. The second is the step, (dy + 3) * 7 + dx + 3.
    """

    left: NDArray[np.int16]
    right: NDArray[np.int16]
    is_whole: NDArray[np.bool_]
    """Whether the line covers one interval per row. Flat ones leave pixels out."""

    disc: NDArray[np.int64]
    width: int
    margin: int


@njit(cache=True, nogil=True)
def _make_stamp(
    line: tuple[int, int, int, int],
    shape: tuple[int, int],
    width: int,
    disc: NDArray[np.int64],
    canvas: ByteArray,
    left: NDArray[np.int16],
    right: NDArray[np.int16],
) -> bool:
    """Fill ``left`` and ``right`` for one line; return whether its rows are whole."""
    margin = len(left) // 2
    origin_x, origin_y = line[0] - margin, line[1] - margin
    canvas[:] = 0
    _paint_line(canvas, origin_x, origin_y, shape, line, width, disc)
    is_whole = True
    for row in range(len(left)):
        first, last, count = _FAR, -_FAR, 0
        for column in range(canvas.shape[1]):
            if canvas[row, column]:
                first = min(first, column - margin)
                last = column - margin
                count += 1
        left[row], right[row] = first, last
        is_whole &= count == 0 or count == last - first + 1
    return is_whole


@njit(cache=True, nogil=True)
def _make_stamps(
    shape: tuple[int, int],
    width: int,
    disc: NDArray[np.int64],
    left: NDArray[np.int16],
    right: NDArray[np.int16],
    is_whole: NDArray[np.bool_],
) -> None:
    margin = left.shape[2] // 2
    canvas = np.zeros((2 * margin + 1, 2 * margin + 1), np.uint8)
    for place in range(len(left)):
        x, y = shape[1] // 2, shape[0] // 2
        side, offset = (place - 1) // (2 * margin), (place - 1) % (2 * margin)
        if place > 0:
            if side == 0:
                y = offset - margin
            elif side == 1:
                y = shape[0] - margin + offset
            elif side == 2:
                x = offset - margin
            else:
                x = shape[1] - margin + offset
        for step in range(_NUM_STEPS):
            dx = step % (2 * _REACH + 1) - _REACH
            dy = step // (2 * _REACH + 1) - _REACH
            is_whole[place, step] = _make_stamp(
                (x, y, x + dx, y + dy),
                shape,
                width,
                disc,
                canvas,
                left[place, step],
                right[place, step],
            )


@lru_cache(maxsize=8)
def _stamps(shape: tuple[int, int], width: int) -> _Stamps:
    disc = _disc_rows((width + 1) // 2)
    margin = len(disc) + _REACH
    if min(shape) < 4 * margin or max(shape) + 4 * margin > _FAR:
        raise ValueError(
            f"Each side of the image must have {4 * margin} to {_FAR - 4 * margin} "
            f"pixels for lanes {width} pixels wide, got {shape}."
        )
    dims = (1 + 8 * margin, _NUM_STEPS, 2 * margin + 1)
    left, right = np.empty(dims, np.int16), np.empty(dims, np.int16)
    is_whole = np.empty(dims[:2], np.bool_)
    _make_stamps(shape, width, disc, left, right, is_whole)
    return _Stamps(left, right, is_whole, disc, width, margin)


@njit(cache=True, nogil=True)
def _place(x: int, y: int, shape: tuple[int, int], margin: int) -> int:
    """Return where in the tables a line starts, -1 far outside and -2 in a corner."""
    height, width = shape
    if not (-margin <= x < width + margin and -margin <= y < height + margin):
        return -1
    place = 0
    if y < margin:
        place = 1 + y + margin
    elif y >= height - margin:
        place = 1 + 2 * margin + y - (height - margin)
    if x < margin or x >= width - margin:
        if place > 0:
            return -2
        place = 1 + 4 * margin + x + margin
        if x >= width - margin:
            place = 1 + 6 * margin + x - (width - margin)
    return place


class _Corner(NamedTuple):
    """Room for the stamp of a line in a corner of the image: no table has those."""

    left: NDArray[np.int16]
    right: NDArray[np.int16]
    canvas: ByteArray


@njit(cache=True, nogil=True)
def _step(path: NDArray[np.int32], k: int) -> tuple[int, int, int, int]:
    """Return where a line of a lane starts and how far it leads: x, y, dx and dy."""
    x, y = int(path[k, 0]), int(path[k, 1])
    if len(path) == 1:
        return x, y, 0, 0
    return x, y, int(path[k + 1, 0]) - x, int(path[k + 1, 1]) - y


# Inlined by numba, and the stamp named by its place: to hand a stamp over as an array
# of its own takes as long as to use it.
@njit(cache=True, nogil=True, inline="always")
def _widen(
    rows: NDArray[np.int16],
    first: int,
    x: int,
    left: NDArray[np.int16],
    right: NDArray[np.int16],
    place: int,
    step: int,
) -> None:
    """Widen a lane's intervals from row ``first`` on by a stamp that starts at x."""
    size = left.shape[2]
    stamp_left, stamp_right = left[place, step], right[place, step]
    rows_left = rows[0, first : first + size]
    rows_right = rows[1, first : first + size]
    for row in range(size):
        rows_left[row] = min(rows_left[row], np.int16(x + stamp_left[row]))
        rows_right[row] = max(rows_right[row], np.int16(x + stamp_right[row]))


@njit(cache=True, nogil=True, inline="always")
def _cover_line(
    x: int,
    y: int,
    dx: int,
    dy: int,
    shape: tuple[int, int],
    stamps: _Stamps,
    corner: _Corner,
    rows: NDArray[np.int16],
) -> bool:
    """Widen a lane's intervals by a line; return whether the line covers intervals."""
    place = _place(x, y, shape, stamps.margin)
    if place == -1:
        return True
    if dx == 0 or dy == 0:
        place = 0  # clipping does not move lines along an axis
    first = y + stamps.margin
    if place >= 0:
        step = (dy + _REACH) * (2 * _REACH + 1) + dx + _REACH
        _widen(rows, first, x, stamps.left, stamps.right, place, step)
        return bool(stamps.is_whole[place, step])
    line = (x, y, x + dx, y + dy)
    left, right = corner.left, corner.right
    is_whole = _make_stamp(
        line, shape, stamps.width, stamps.disc, corner.canvas, left[0, 0], right[0, 0]
    )
    _widen(rows, first, x, left, right, 0, 0)
    return is_whole


@njit(cache=True, nogil=True)
def _cover(
    path: NDArray[np.int32],
    shape: tuple[int, int],
    stamps: _Stamps,
    corner: _Corner,
    rows: NDArray[np.int16],
) -> bool:
    """Cover a lane by one interval per row; return whether that is possible.

    ``rows``, left and right ends, start two margins above the image and end as far
    below it.
    """
    for row in range(rows.shape[1]):
        rows[0, row], rows[1, row] = _FAR, -_FAR
    turn = 0
    is_start_covered = False  # the disc where a line starts
    num_lines = max(len(path) - 1, 1)
    for k in range(num_lines):
        x, y, dx, dy = _step(path, k)
        if abs(dx) > _REACH or abs(dy) > _REACH or dy * turn < 0:
            return False
        if dy != 0:
            turn = dy
        # Such a line lies within its two discs, and the next one covers the second.
        is_spare = abs(dx) + abs(dy) == 1 and k + 1 < num_lines
        if is_start_covered and is_spare:
            is_start_covered = False
            continue
        is_start_covered = True
        if not _cover_line(x, y, dx, dy, shape, stamps, corner, rows):
            return False
    return True


@njit(cache=True, nogil=True)
def _paint_path(
    path: NDArray[np.int32], shape: tuple[int, int], stamps: _Stamps, mask: ByteArray
) -> None:
    """Paint a lane in full."""
    for k in range(max(len(path) - 1, 1)):
        x, y, dx, dy = _step(path, k)
        place = -2
        if abs(dx) <= _REACH and abs(dy) <= _REACH:
            place = _place(x, y, shape, stamps.margin)
        if place == -1:
            continue
        step = (dy + _REACH) * (2 * _REACH + 1) + dx + _REACH
        if place >= 0 and stamps.is_whole[place, step]:
            left, right = stamps.left[place, step], stamps.right[place, step]
            top = y - stamps.margin
            for row in range(len(left)):
                _paint_row(mask, 0, 0, shape, x + left[row], x + right[row], top + row)
        else:
            ends = (x, y, x + dx, y + dy)
            _paint_line(mask, 0, 0, shape, ends, stamps.width, stamps.disc)


@njit(cache=True, nogil=True)
def _overlap(
    a: int,
    b: int,
    left: NDArray[np.int16],
    right: NDArray[np.int16],
    mask_of: NDArray[np.int64],
    masks: ByteArray,
) -> int:
    """Return how many pixels two lanes share."""
    shared = 0
    if mask_of[a] < 0 and mask_of[b] < 0:
        for row in range(left.shape[1]):
            first = max(left[a, row], left[b, row])
            last = min(right[a, row], right[b, row])
            shared += max(np.int64(last) - first + 1, 0)
        return shared
    if mask_of[a] >= 0 and mask_of[b] >= 0:
        mask_a, mask_b = masks[mask_of[a]], masks[mask_of[b]]
        for row in range(masks.shape[1]):
            for column in range(masks.shape[2]):
                shared += mask_a[row, column] & mask_b[row, column]
        return shared
    if mask_of[a] < 0:
        a, b = b, a
    mask = masks[mask_of[a]]
    for row in range(left.shape[1]):
        for column in range(left[b, row], right[b, row] + 1):
            shared += mask[row, column]
    return shared


@njit(cache=True, nogil=True)
def _cover_lanes(
    path: NDArray[np.int32],
    starts: NDArray[np.int64],
    shape: tuple[int, int],
    stamps: _Stamps,
    left: NDArray[np.int16],
    right: NDArray[np.int16],
    mask_of: NDArray[np.int64],
) -> ByteArray:
    """Cover the lanes of one image; return the masks of those that need one."""
    size, padding = 2 * stamps.margin + 1, 2 * stamps.margin
    rows = np.empty((2, shape[0] + 2 * padding), np.int16)
    corner = _Corner(
        np.empty((1, 1, size), np.int16),
        np.empty((1, 1, size), np.int16),
        np.empty((size, size), np.uint8),
    )
    num_masks = 0
    for lane in range(len(starts) - 1):
        lane_path = path[starts[lane] : starts[lane + 1]]
        mask_of[lane] = -1
        if len(lane_path) > 0 and not _cover(lane_path, shape, stamps, corner, rows):
            mask_of[lane] = num_masks
            num_masks += 1
        for row in range(shape[0]):
            left[lane, row] = max(rows[0, row + padding], np.int16(0))
            right[lane, row] = min(rows[1, row + padding], np.int16(shape[1] - 1))
    masks = np.zeros((num_masks, shape[0], shape[1]), np.uint8)
    for lane in range(len(starts) - 1):
        if mask_of[lane] >= 0:
            lane_path = path[starts[lane] : starts[lane + 1]]
            _paint_path(lane_path, shape, stamps, masks[mask_of[lane]])
    return masks


@njit(cache=True, nogil=True, error_model="numpy")
def _image_ious(
    path: NDArray[np.int32],
    starts: NDArray[np.int64],
    num_gt: int,
    shape: tuple[int, int],
    stamps: _Stamps,
    ious: FloatArray,
) -> None:
    num_lanes = len(starts) - 1
    left = np.empty((num_lanes, shape[0]), np.int16)
    right = np.empty((num_lanes, shape[0]), np.int16)
    mask_of = np.empty(num_lanes, np.int64)
    masks = _cover_lanes(path, starts, shape, stamps, left, right, mask_of)
    areas = np.empty(num_lanes)
    for lane in range(num_lanes):
        areas[lane] = _overlap(lane, lane, left, right, mask_of, masks)
    for i in range(num_gt):
        for j in range(num_gt, num_lanes):
            if starts[i] == starts[i + 1] or starts[j] == starts[j + 1]:
                ious[i, j - num_gt] = 0.0
                continue
            shared = np.float64(_overlap(i, j, left, right, mask_of, masks))
            ious[i, j - num_gt] = shared / (areas[i] + areas[j] - shared)


@njit(cache=True, nogil=True)
def _batch_ious(
    path: NDArray[np.int32],
    path_starts: NDArray[np.int64],
    list_starts: NDArray[np.int64],
    shape: tuple[int, int],
    stamps: _Stamps,
    ious: FloatArray,
    iou_starts: NDArray[np.int64],
) -> None:
    for image in range(len(iou_starts) - 1):
        first, middle, last = list_starts[2 * image : 2 * image + 3]
        num_gt, num_pred = middle - first, last - middle
        if num_gt > 0 and num_pred > 0:
            table = ious[iou_starts[image] : iou_starts[image + 1]]
            _image_ious(
                path,
                path_starts[first : last + 1],
                num_gt,
                shape,
                stamps,
                table.reshape((num_gt, num_pred)),
            )


def painted_ious(
    path: NDArray[np.int32],
    path_starts: NDArray[np.int64],
    list_starts: NDArray[np.int64],
    shape: tuple[int, int],
    lane_width: int,
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return how far labelled and predicted lanes of each image overlap.

    Args:
        path: The pixels of all lanes, (M, 2), (x, y), as
            :func:`~lanedet.evaluation.functional.culane_spline.trace_lanes` gives them.
        path_starts: Where each lane starts in ``path``, and M at the end, (L + 1,).
        list_starts: Where each list of lanes starts, and L at the end, (2 I + 1,). List
            2 i holds the labels of image i, list 2 i + 1 its predictions.
        shape: (H, W) of the images in pixels.
        lane_width: Thickness of the lines in pixels.

    Returns:
        The tables of all images one after the other, each (G, P) and row by row, and
        where each starts, (I + 1,). An entry is the number of pixels that both lanes
        cover over the number that either does: in [0, 1], 0 where a lane has no pixel
        and NaN where both lie outside the image.

    Raises:
        ValueError: If the image is too small or too large for such lanes.
    """
    sizes = np.diff(list_starts)
    iou_starts = np.zeros(len(sizes) // 2 + 1, np.int64)
    np.cumsum(sizes[0::2] * sizes[1::2], out=iou_starts[1:])
    ious = np.empty(iou_starts[-1])
    stamps = _stamps(shape, lane_width)
    _batch_ious(path, path_starts, list_starts, shape, stamps, ious, iou_starts)
    return ious, iou_starts

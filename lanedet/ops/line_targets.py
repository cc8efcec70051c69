"""Lanes as x on fixed rows, with two ends: what a line head learns and predicts.

A network input of height H is crossed by R rows, counted from the bottom:
``y_j = (H - 1) (1 - j / (R - 1))``. A *line* is R + 2 numbers: where it starts (its
lowest point) and where it ends (its highest), as fractional rows, and its x on every
row. x beyond the ends go on straight, so that differences between neighbouring rows
mean something everywhere.

CLRNet (https://arxiv.org/abs/2203.10350) and its kin count whole rows instead, so that
a lane is up to a row too long or too short at either end.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import Float32Array, FloatArray

_SNAP = 1e-6  # of a row: an end that lies so near to a row lies on it


def line_rows(height: int, num_rows: int) -> FloatArray:
    """Return y of each row of a network input, (R,), from the bottom to the top.

    Args:
        height: H of the network input in pixels, at least 2.
        num_rows: R, at least 2.

    Raises:
        ValueError: If ``height`` or ``num_rows`` is below 2.

    Example:
        >>> line_rows(height=9, num_rows=3)
        array([8., 4., 0.])
    """
    if height < 2 or num_rows < 2:
        raise ValueError(
            "height and num_rows must be at least 2, "
            f"got {height} pixels and {num_rows} rows."
        )
    return (height - 1) * np.arange(num_rows - 1, -1, -1) / (num_rows - 1)


def encode_lines(
    lanes: Sequence[FloatArray], shape: tuple[int, int], num_rows: int
) -> Float32Array:
    """Return lanes as lines.

    Of a lane that turns back in y the highest piece that does not is kept, and of a
    lane that leaves the image and comes back the highest piece that is inside: a line
    crosses each row once. A lane of which fewer than two rows are in sight is no line
    and left out; so is one that is level or has a single point.

    Args:
        lanes: Polylines in pixels of the network input, each (N, 2), their points in
            order along the lane. They may reach out of the image.
        shape: (H, W) of the network input.
        num_rows: R.

    Returns:
        (G, R + 2) float32, G at most ``len(lanes)``, in the order of the lanes: start
        and end in [0, R - 1], then x on the rows from the bottom to the top.

    Raises:
        ValueError: If a coordinate is not finite, or there are fewer than two rows.

    Example:
        >>> lane = np.array([[2.0, 0.0], [6.0, 8.0]])
        >>> encode_lines([lane], shape=(9, 20), num_rows=3)
        array([[0., 2., 6., 4., 2.]], dtype=float32)
    """
    rows = line_rows(shape[0], num_rows)
    lines = [_encode(lane, shape, rows) for lane in lanes]
    found = [line for line in lines if line is not None]
    return np.array(found, dtype=np.float32).reshape(-1, num_rows + 2)


def decode_line(
    line: NDArray[np.floating],
    shape: tuple[int, int],
    place: tuple[int, int, int, int] | None = None,
) -> FloatArray:
    """Return the polyline of a line.

    Args:
        line: (R + 2,), as :func:`encode_lines` returns it. Ends may lie outside of the
            rows, where they are cut off.
        shape: (H, W) of the network input.
        place: (top, bottom, left, right) of the image in the network input, bottom and
            right exclusive, as a :class:`~lanedet.ops.ViewTransform` has it. By default
            the whole input.

    Returns:
        (N, 2) in pixels of the network input, from the bottom to the top: the start,
        the whole rows behind it, and the end, as far as they are in the image. Where
        less than one row's distance is, no point.

    Example:
        >>> decode_line(np.array([0.5, 2.0, 6.0, 4.0, 2.0]), shape=(9, 20))
        array([[5., 6.],
               [4., 4.],
               [2., 0.]])
    """
    num_rows = len(line) - 2
    start, end = np.clip(np.asarray(line[:2], dtype=np.float64), 0, num_rows - 1)
    if not end - start >= 1:
        return np.empty((0, 2))
    positions = np.r_[start, np.arange(np.floor(start) + 1, np.ceil(end)), end]
    xs = np.interp(positions, np.arange(num_rows), line[2:])
    ys = (shape[0] - 1) * (1 - positions / (num_rows - 1))
    place = place or (0, shape[0], 0, shape[1])
    points = _visible_piece(np.stack([xs, ys], axis=1), place)
    tall = len(points) > 1 and np.ptp(points[:, 1]) * (num_rows - 1) >= shape[0] - 1
    return points if tall else np.empty((0, 2))


def _encode(
    lane: FloatArray, shape: tuple[int, int], rows: FloatArray
) -> FloatArray | None:
    """Return the line of a lane, None if it crosses fewer than two rows."""
    if not np.isfinite(lane).all():
        raise ValueError(f"A lane's coordinates must be finite, got {lane!r}.")
    points = _visible_piece(_rising_piece(lane), (0, shape[0], 0, shape[1]))
    if len(points) < 2:
        return None
    last_row = len(rows) - 1
    ends = np.clip((1 - points[[0, -1], 1] / (shape[0] - 1)) * last_row, 0, last_row)
    near = np.abs(ends - np.rint(ends)) < _SNAP
    ends[near] = np.rint(ends[near])
    first, last = int(np.ceil(ends[0])), int(np.floor(ends[1]))
    if last <= first:
        return None
    xs = np.full(len(rows), np.nan)
    inside = slice(first, last + 1)
    xs[inside] = np.interp(rows[inside], points[::-1, 1], points[::-1, 0])
    _go_on(xs[first::-1], xs[[first, first + 1]], points[0, 0], first - ends[0])
    _go_on(xs[last:], xs[[last, last - 1]], points[-1, 0], ends[1] - last)
    return np.concatenate([ends, xs])


def _go_on(xs: FloatArray, inside: FloatArray, end_x: float, share: float) -> None:
    """Fill in x beyond a line's outermost row.

    Args:
        xs: x from this row outwards, written to.
        inside: x of this row and of the next one inside.
        end_x: x at the end of the line.
        share: How far beyond the row the end lies, in rows, in [0, 1).
    """
    slope = inside[0] - inside[1]
    outwards = np.arange(len(xs))
    if share > 0:  # the next row lies so that the line between passes the end
        to_end = (end_x - inside[0]) / share
        xs[1:] = inside[0] + to_end + slope * (outwards[1:] - 1)
    else:
        xs[1:] = inside[0] + slope * outwards[1:]


def _rising_piece(points: FloatArray) -> FloatArray:
    """Return the highest piece of a polyline that goes one way in y, upwards.

    Every point lies above the one before it; of several on one row the first is kept.
    """
    if len(points) < 2:
        return points[:0]
    signs = np.sign(np.diff(points[:, 1]))
    steep = np.flatnonzero(signs)
    if len(steep) == 0:
        return points[:0]
    # A level step belongs to the piece before it, the first ones to the piece behind.
    owner = np.searchsorted(steep, np.arange(len(signs)), side="right") - 1
    signs = signs[steep[np.maximum(owner, 0)]]
    cuts = np.flatnonzero(np.diff(signs)) + 1
    begins, ends = np.r_[0, cuts], np.r_[cuts, len(signs)]
    extents = np.abs(points[ends, 1] - points[begins, 1])
    best = int(extents.argmax())
    piece = points[begins[best] : ends[best] + 1]
    if signs[begins[best]] > 0:
        piece = piece[::-1]
    return piece[np.r_[True, np.diff(piece[:, 1]) < 0]]


def _visible_piece(points: FloatArray, place: tuple[int, int, int, int]) -> FloatArray:
    """Return the highest piece of a rising polyline inside the image, cut at its rim.

    Inside is x up to where the outermost pixels end, half a pixel beyond their centres,
    and y up to the centres of the outermost ones, where the outermost rows lie.
    """
    if len(points) < 2:
        return points[:0]
    top, bottom, left, right = place
    steps = np.diff(points, axis=0)
    rims = np.array([[left - 0.5, top], [right - 0.5, bottom - 1.0]])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        shares = (rims[:, None] - points[:-1]) / steps  # (2, N - 1, 2)
    crossed = (shares > 0) & (shares < 1)
    places = (np.arange(len(steps))[:, None] + shares)[crossed]
    places = np.union1d(places, np.arange(len(points)))
    fine = np.stack(
        [np.interp(places, np.arange(len(points)), points[:, axis]) for axis in (0, 1)],
        axis=1,
    )
    middles = (fine[:-1] + fine[1:]) / 2
    is_inside = ((middles >= rims[0]) & (middles <= rims[1])).all(axis=1)
    edges = np.diff(np.r_[False, is_inside, False].astype(int))
    begins, ends = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    if len(begins) == 0:
        return points[:0]
    best = int((fine[begins, 1] - fine[ends, 1]).argmax())
    return fine[begins[best] : ends[best] + 1]

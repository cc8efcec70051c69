"""Where the centre of a drawn line lies on each row of a map.

Networks learn lanes as strokes: polylines drawn with one width. On a row that meets
both edges of a stroke, its centre is in their middle. At its ends it is not: a slanted
stroke ends across its own direction, not along a row, so its last rows hold only the
side that faces the stroke, and their middle lies up to half a run towards it. At the
border of the map one edge may lie outside, too. There the centre is half a width from
the edge that is the stroke's own, as its width is known from the other rows.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray

_REACH = 3  # rows before and after one over which the stroke's slope is taken
_FULL_SHARE = 0.7  # of the rows are less wide: most of a short, flat stroke is its ends
_ROUNDING = 0.25  # columns by which a centre may lie beside its run
# The least squares' slope of points at steps of 1.
_SLOPE_FILTER = np.arange(-_REACH, _REACH + 1.0)
_SLOPE_FILTER /= _SLOPE_FILTER @ _SLOPE_FILTER


class RowRuns(NamedTuple):
    """The highest run of each of R rows. Pixel centres lie on whole columns."""

    rows: NDArray[np.int64]
    """(R,) number of the row."""

    left: FloatArray
    """(R,) column of the left edge, where the values fall to half of the largest."""

    right: FloatArray
    """(R,) column of the right edge."""

    peak: NDArray[np.float32]
    """(R,) largest value of the row."""

    @property
    def middle(self) -> FloatArray:
        """(R,) column halfway between the edges."""
        return (self.left + self.right) / 2

    def is_cut(self, num_columns: int) -> NDArray[np.bool_]:
        """Return which runs reach the border of a map of so many columns, (R,)."""
        return (self.left <= -0.5) | (self.right >= num_columns - 0.5)

    def select(self, which: slice | NDArray[np.bool_] | NDArray[np.int64]) -> "RowRuns":
        """Return some of the runs."""
        return RowRuns(
            self.rows[which], self.left[which], self.right[which], self.peak[which]
        )


def highest_runs(values: NDArray[np.float32], threshold: float) -> RowRuns:
    """Return the run of columns around the largest value of rows.

    It reaches to where the values fall to half of the largest, to a fraction of a
    column, or to the border: then its edge is -0.5 or W - 0.5.

    Args:
        values: (R, W) float32, at least 0.
        threshold: Smallest largest value of a row that counts, above 0.

    Example:
        >>> values = np.array([[0, 0, 1, 1, 0.5], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]])
        >>> highest_runs(values.astype(np.float32), threshold=0.3)[:3]
        (array([0, 2]), array([ 1.5, -0.5]), array([4.5, 0.5]))
    """
    num_rows, num_columns = values.shape
    # A column of zeros on each side ends runs at the border.
    padded = np.zeros((num_rows, num_columns + 2), dtype=np.float32)
    padded[:, 1:-1] = values
    flat = padded.ravel()
    starts = np.arange(0, len(flat), num_columns + 2)
    tops = starts + padded.argmax(axis=1)
    peak = flat[tops]
    lows = np.flatnonzero(padded < peak[:, None] / 2)
    rows = np.flatnonzero(peak >= threshold)
    starts, tops, peak = starts[rows], tops[rows], peak[rows]
    number = np.searchsorted(lows, tops)
    before, after = lows[number - 1], lows[number]
    half = peak.astype(np.float64) / 2
    outside, inside = flat[before], flat[before + 1]
    left = before - starts - 1 + (half - outside) / (inside - outside)
    outside, inside = flat[after], flat[after - 1]
    right = after - starts - 1 - (half - outside) / (inside - outside)
    left[before == starts] = -0.5
    right[after == starts + num_columns + 1] = num_columns - 0.5
    return RowRuns(rows, left, right, peak)


def stroke_centres(
    runs: RowRuns, num_columns: int, row_step: int
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the centre of a stroke on each of its rows, and whether it lies there.

    Args:
        runs: The stroke's runs, R > 0 of them. Where rows are missing between two, as
            between dashes, a part of the stroke ends and another begins.
        num_columns: W of the map: where its right border is.
        row_step: Distance of neighbouring rows in the map, in pixels.

    Returns:
        (R,) columns; and (R,) bool, False beyond the stroke's end, where a row holds
        only a corner of it, and where the centre is outside the map.
    """
    rows, left, right, _ = runs
    middle, lengths = runs.middle, right - left
    is_cut_left, is_cut_right = left <= -0.5, right >= num_columns - 0.5
    is_cut = is_cut_left | is_cut_right
    num_cut = int(np.count_nonzero(is_cut))
    if num_cut == len(rows):
        return middle, np.ones(len(rows), dtype=np.bool_)
    gaps = np.flatnonzero(rows[1:] - rows[:-1] > 1) + 1
    slopes, towards, from_end = np.empty((3, len(rows)))
    for start, stop in pairwise([0, *gaps.tolist(), len(rows)]):
        lean = np.sign(middle[start] - middle[stop - 1])
        half = (start + stop + 1) // 2
        # Towards an end, only the edge on the other side is the stroke's own.
        first, last = (left, right) if lean > 0 else (right, left)
        slopes[start:half] = _slopes(first[start:half])
        slopes[half:stop] = _slopes(last[half:stop])
        if stop - start <= 2 * _REACH:
            slopes[start:stop] = _slope(rows, middle)
        towards[start:half], towards[half:stop] = lean, -lean
        from_end[start:half] = np.arange(half - start)
        from_end[half:stop] = np.arange(stop - half)[::-1]
    slopes = np.abs(slopes) / row_step
    # Of a stroke of width w, a run is w * slant long and an end w * slope / slant
    # pixels high.
    slant = np.sqrt(1 + slopes**2)
    across = lengths / slant
    width = _quantile(across[~is_cut] if num_cut else across, _FULL_SHARE)
    is_part = (from_end - 0.5) * row_step <= width * slopes / slant
    if num_cut:
        is_part |= is_cut
        towards[is_cut_left], towards[is_cut_right] = -1.0, 1.0
    inner = across[~is_part]
    if len(inner) >= _REACH:
        width = _quantile(inner, 0.5)
    missing = np.maximum(width * slant - lengths, 0.0) * is_part
    centres = middle + towards * missing / 2
    is_there = (centres >= left - _ROUNDING) & (centres <= right + _ROUNDING)
    is_there &= (centres >= -0.5) & (centres <= num_columns - 0.5)
    return centres, is_there


def _slopes(columns: FloatArray) -> FloatArray:
    """Return by how much columns (N,) grow from row to row, around each, (N,)."""
    if len(columns) <= 2 * _REACH:
        return np.full(len(columns), _slope(np.arange(len(columns)), columns))
    slopes = np.empty(len(columns))
    slopes[_REACH:-_REACH] = np.correlate(columns, _SLOPE_FILTER, mode="valid")
    slopes[:_REACH], slopes[-_REACH:] = slopes[_REACH], slopes[-_REACH - 1]
    return slopes


def _slope(rows: NDArray[np.int64], columns: FloatArray) -> float:
    """Return the slope of the straight line through points, 0 for one point."""
    away = rows - rows.mean() if len(rows) else np.zeros(0)
    return float(away @ columns) / max(float(away @ away), 1.0)


def _quantile(values: FloatArray, share: float) -> float:
    """Return the value that about a share of them do not exceed."""
    # np.quantile takes some ten times as long for so few values.
    number = round(share * (len(values) - 1))
    return float(np.partition(values, number)[number])

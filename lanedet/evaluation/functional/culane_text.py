"""How CULane's official evaluator reads a file of lanes.

A line is a lane, ``x y x y ...``; an empty line is a lane without points. What follows
the first pair that is not two numbers is ignored, as is what comes after the last whole
pair. ``nan`` and ``inf`` are no numbers to the program, which is C++.

Source: https://github.com/XingangPan/SCNN, tools/lane_evaluation (evaluate.cpp). A
byte-order mark is skipped here; there it costs the first lane its points.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lanedet.arrays import ByteArray, FloatArray
from lanedet.evaluation.functional.culane_batch import LaneBatch

_NEWLINE = 10
_MAX_EXACT = 1 << 53  # integers below it are exact in double
_POWERS = 10.0 ** np.arange(23)  # these powers of ten are exact too
_MAX_POWER = 308  # a number beyond it does not fit in double


@njit(cache=True, nogil=True)
def _is_blank(byte: int) -> bool:
    return byte == 32 or 9 <= byte <= 13


@njit(cache=True, nogil=True)
def _read_exponent(text: ByteArray, at: int, end: int) -> tuple[int, bool, int]:
    """Read what follows an e; return where it ends, whether it is one and its value."""
    sign, value, num_digits = 1, 0, 0
    if at < end and (text[at] == 43 or text[at] == 45):
        sign = -1 if text[at] == 45 else 1
        at += 1
    while at < end and 48 <= text[at] <= 57:
        value = min(value * 10 + text[at] - 48, 100_000)
        num_digits += 1
        at += 1
    return at, num_digits > 0, sign * value


@njit(cache=True, nogil=True)
def _read_digits(text: ByteArray, at: int, end: int) -> tuple[int, int, int, int, bool]:
    """Read digits with at most one point among them.

    Returns:
        Where they end, their number, their value as a whole number, the power of ten
        that it must be multiplied by, and whether that is exact.
    """
    num_digits, digits, power, seen_point, is_exact = 0, 0, 0, False, True
    while at < end:
        byte = text[at]
        if 48 <= byte <= 57:
            num_digits += 1
            if digits < _MAX_EXACT // 10 - 1:
                digits = digits * 10 + (byte - 48)
                power -= seen_point
            else:
                is_exact = False
                power += not seen_point
        elif byte == 46 and not seen_point:
            seen_point = True
        else:
            break
        at += 1
    return at, num_digits, digits, power, is_exact


@njit(cache=True, nogil=True)
def _magnitude(digits: int, power: int) -> int:
    """Return the power of ten of the first of the digits."""
    magnitude = power - 1
    while digits > 0:
        digits //= 10
        magnitude += 1
    return magnitude


@njit(cache=True, nogil=True)
def _read_number(text: ByteArray, at: int, end: int) -> tuple[int, bool, bool, float]:
    """Read a number; return where it ends, whether it is one, exact, and its value."""
    negative = at < end and text[at] == 45
    if at < end and (text[at] == 43 or text[at] == 45):
        at += 1
    at, num_digits, digits, power, is_exact = _read_digits(text, at, end)
    is_number = num_digits > 0
    if is_number and at < end and (text[at] == 101 or text[at] == 69):
        at, is_number, exponent = _read_exponent(text, at + 1, end)
        power += exponent
    value = float(digits)
    if digits == 0:
        power = 0
    if -22 <= power <= 22:
        value = value / _POWERS[-power] if power < 0 else value * _POWERS[power]
    else:
        is_exact = False
        is_number &= _magnitude(digits, power) <= _MAX_POWER
    return at, is_number, is_exact, -value if negative else value


@njit(cache=True, nogil=True)
def _read_line(
    text: ByteArray,
    at: int,
    end: int,
    points: FloatArray,
    num_points: int,
    inexact: NDArray[np.int64],
    num_inexact: int,
) -> tuple[int, int, bool]:
    """Read a line's points; return their number, and whether all was understood."""
    column = 0
    understood = True
    while True:
        while at < end and _is_blank(text[at]):
            at += 1
        if at == end:
            break
        begin = at
        at, is_number, is_exact, value = _read_number(text, at, end)
        if not is_number:
            understood = False
            break
        if not is_exact:
            inexact[num_inexact, 0] = 2 * num_points + column
            inexact[num_inexact, 1] = begin
            inexact[num_inexact, 2] = at
            num_inexact += 1
        points[num_points, column] = value
        num_points += column
        column = 1 - column
    while num_inexact > 0 and inexact[num_inexact - 1, 0] >= 2 * num_points:
        num_inexact -= 1  # half a pair
    return num_points, num_inexact, understood and column == 0


@njit(cache=True, nogil=True)
def _read_files(
    text: ByteArray,
    file_ends: NDArray[np.int64],
    points: FloatArray,
    lane_starts: NDArray[np.int64],
    list_starts: NDArray[np.int64],
    odd_lines: NDArray[np.int64],
    inexact: NDArray[np.int64],
) -> tuple[int, int, int]:
    num_points, num_lanes, num_inexact, at = 0, 0, 0, 0
    for file in range(len(file_ends)):
        list_starts[file] = num_lanes
        odd_lines[file] = 0
        end = file_ends[file]
        if end - at >= 3 and text[at] == 239 and text[at + 1] == 187:
            at += 3 * (text[at + 2] == 191)
        number = 0
        while at < end:
            number += 1
            line_end = at
            while line_end < end and text[line_end] != _NEWLINE:
                line_end += 1
            lane_starts[num_lanes] = num_points
            num_lanes += 1
            num_points, num_inexact, understood = _read_line(
                text, at, line_end, points, num_points, inexact, num_inexact
            )
            if not understood and odd_lines[file] == 0:
                odd_lines[file] = number
            at = min(line_end + 1, end)
    lane_starts[num_lanes] = num_points
    list_starts[len(file_ends)] = num_lanes
    return num_points, num_lanes, num_inexact


def parse_lane_files(
    contents: Sequence[bytes],
) -> tuple[LaneBatch, NDArray[np.int64]]:
    """Read the contents of lane files, labels and predictions in turn.

    Args:
        contents: What the files hold, in the order of ``LaneBatch.list_starts``.

    Returns:
        The lanes, and for each file the number of the first line, from 1, that holds
        something else than pairs of numbers, or 0.
    """
    data = b"".join(contents)
    text = np.frombuffer(data, np.uint8)
    file_ends = np.cumsum([len(content) for content in contents], dtype=np.int64)
    # A number takes a digit and, but for the last of a line, a blank or a point.
    points = np.empty((len(data) // 2 + 2, 2), np.float64)
    lane_starts = np.empty(data.count(b"\n") + len(contents) + 1, np.int64)
    list_starts = np.empty(len(contents) + 1, np.int64)
    odd_lines = np.empty(len(contents), np.int64)
    inexact = np.empty((len(data) // 2 + 2, 3), np.int64)
    num_points, num_lanes, num_inexact = _read_files(
        text, file_ends, points, lane_starts, list_starts, odd_lines, inexact
    )
    for place, begin, end in inexact[:num_inexact]:
        points[place // 2, place % 2] = float(data[begin:end])
    batch = LaneBatch(points[:num_points], lane_starts[: num_lanes + 1], list_starts)
    return batch, odd_lines

"""How CULane's official evaluator bends a lane: points to the pixels of a dense curve.

A lane of two points is a straight line. One of more is a natural cubic spline over the
length of its chords, sampled 50 times per chord. The arithmetic follows the official
program step by step, because a sample that rounds to another pixel changes the score:
points and their differences are single precision, everything else is double, a sample
is rounded to single precision and then to the nearest pixel, halves to even.

Source: https://github.com/XingangPan/SCNN, tools/lane_evaluation (spline.cpp,
lane_compare.cpp).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lanedet.arrays import FloatArray

_SAMPLES = 50  # per chord
# What a processor with SSE makes of a number that is no 32-bit integer, NaN among them.
_INVALID_PIXEL = -(2**31)


@njit(cache=True, nogil=True)
def _second_derivatives(
    h: FloatArray,
    points: NDArray[np.float32],
    axis: int,
    upper: FloatArray,
    moments: FloatArray,
) -> None:
    """Fill ``moments`` (n,) by eliminating the tridiagonal system of the spline."""
    n = len(h) + 1
    for i in range(n - 2):
        first = np.float32(points[i + 1, axis] - points[i, axis])
        second = np.float32(points[i + 2, axis] - points[i + 1, axis])
        right = 6 * (np.float64(second) / h[i + 1] - np.float64(first) / h[i])
        diagonal = 2 * (h[i] + h[i + 1])
        if i > 0:
            diagonal -= h[i] * upper[i - 1]
            right -= h[i] * moments[i]
        upper[i] = h[i + 1] / diagonal
        moments[i + 1] = right / diagonal
    moments[0] = 0.0
    moments[n - 1] = 0.0
    for i in range(n - 4, -1, -1):
        moments[i + 1] -= upper[i] * moments[i + 2]


@njit(cache=True, nogil=True, error_model="numpy")
def _sample_chord(
    h: float, start: float, end: float, m0: float, m1: float, samples: NDArray[np.int32]
) -> None:
    """Fill ``samples`` (50,) with the pixels of one coordinate along one chord."""
    a = np.float64(start)
    b = np.float64(np.float32(end - start)) / h - (2 * h * m0 + h * m1) / 6
    c = m0 / 2
    d = (m1 - m0) / (6 * h)
    delta = h / _SAMPLES
    for k in range(_SAMPLES):
        t = delta * k
        value = np.float64(np.float32(a + b * t + c * (t * t) + d * (t * t * t)))
        rounded = np.rint(value)
        samples[k] = rounded if np.abs(rounded) < 2147483648.0 else _INVALID_PIXEL


@njit(cache=True, nogil=True)
def _pixel(value: float) -> int:
    rounded = np.rint(np.float64(value))
    if np.abs(rounded) < 2147483648.0:
        return int(rounded)
    return _INVALID_PIXEL


@njit(cache=True, nogil=True)
def _drop_repeats(
    samples: NDArray[np.int32], path: NDArray[np.int32], begin: int
) -> int:
    """Write a lane's samples (2, S) to ``path`` from ``begin`` on; return the end."""
    xs, ys = samples
    path[begin, 0], path[begin, 1] = xs[0], ys[0]
    end = begin + 1
    for k in range(1, len(xs)):
        path[end, 0], path[end, 1] = xs[k], ys[k]
        end += (xs[k] != xs[k - 1]) | (ys[k] != ys[k - 1])  # branches would be slow
    return end


@njit(cache=True, nogil=True, error_model="numpy")
def _sample_lane(
    points: NDArray[np.float32],
    h: FloatArray,
    upper: FloatArray,
    moments: FloatArray,
    samples: NDArray[np.int32],
) -> None:
    """Fill ``samples`` (2, 50 (n - 1) + 1) with a lane's pixels, n > 2 points."""
    n = len(points)
    for i in range(n - 1):
        dx = np.float64(np.float32(points[i + 1, 0] - points[i, 0]))
        dy = np.float64(np.float32(points[i + 1, 1] - points[i, 1]))
        h[i] = np.sqrt(dx * dx + dy * dy)
    for axis in range(2):
        _second_derivatives(h, points, axis, upper, moments)
        for i in range(n - 1):
            _sample_chord(
                h[i],
                points[i, axis],
                points[i + 1, axis],
                moments[i],
                moments[i + 1],
                samples[axis, i * _SAMPLES : (i + 1) * _SAMPLES],
            )
        samples[axis, (n - 1) * _SAMPLES] = _pixel(points[n - 1, axis])


@njit(cache=True, nogil=True)
def _trace(
    points: NDArray[np.float32],
    lane_starts: NDArray[np.int64],
    path: NDArray[np.int32],
    path_starts: NDArray[np.int64],
) -> None:
    longest = 2
    for lane in range(len(lane_starts) - 1):
        longest = max(longest, lane_starts[lane + 1] - lane_starts[lane])
    lengths, upper, moments = np.empty(longest), np.empty(longest), np.empty(longest)
    samples = np.empty((2, _SAMPLES * longest), np.int32)
    end = 0
    path_starts[0] = 0
    for lane in range(len(lane_starts) - 1):
        lane_points = points[lane_starts[lane] : lane_starts[lane + 1]]
        n = len(lane_points)
        if n > 2:
            lane_samples = samples[:, : _SAMPLES * (n - 1) + 1]
            _sample_lane(lane_points, lengths[: n - 1], upper, moments, lane_samples)
            end = _drop_repeats(lane_samples, path, end)
        elif n == 2:
            for i in range(2):
                for axis in range(2):
                    samples[axis, i] = _pixel(lane_points[i, axis])
            end = _drop_repeats(samples[:, :2], path, end)
        path_starts[lane + 1] = end


def trace_lanes(
    points: NDArray[np.float32], lane_starts: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the pixels that the samples of each lane's curve fall on.

    Args:
        points: The points of all lanes, one lane after the other, (N, 2), (x, y).
        lane_starts: Where each lane starts in ``points``, and N at the end, (L + 1,).

    Returns:
        The pixels of all lanes in the order of the samples, (M, 2), (x, y), without
        immediate repetitions, and where each lane starts in them, (L + 1,). A lane of
        fewer than two points has none. A coordinate that is not finite or does not
        fit in 32 bits is -2**31, and where two successive points are equal so is all
        of the lane but its last point.
    """
    path = np.empty((_SAMPLES * len(points) + 1, 2), np.int32)
    path_starts = np.empty(len(lane_starts), np.int64)
    _trace(points, lane_starts, path, path_starts)
    return path[: path_starts[-1]], path_starts

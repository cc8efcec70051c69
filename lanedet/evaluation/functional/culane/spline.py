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
def _pixel(value: float) -> int:
    rounded = np.rint(np.float64(value))
    return int(rounded) if np.abs(rounded) < 2147483648.0 else _INVALID_PIXEL


@njit(cache=True, nogil=True, error_model="numpy")
def _second_derivatives(h: FloatArray, steps: FloatArray) -> FloatArray:
    """Solve the tridiagonal system of the spline by elimination.

    Args:
        h: Lengths of the chords, (n - 1,).
        steps: How far the coordinate leads along each, (n - 1,).

    Returns:
        The second derivative at each point, (n,).
    """
    n = len(h) + 1
    upper, moments = np.empty(n), np.zeros(n)
    for i in range(n - 2):
        right = 6 * (steps[i + 1] / h[i + 1] - steps[i] / h[i])
        diagonal = 2 * (h[i] + h[i + 1])
        if i > 0:
            diagonal -= h[i] * upper[i - 1]
            right -= h[i] * moments[i]
        upper[i] = h[i + 1] / diagonal
        moments[i + 1] = right / diagonal
    for i in range(n - 4, -1, -1):
        moments[i + 1] -= upper[i] * moments[i + 2]
    return moments


@njit(cache=True, nogil=True, error_model="numpy")
def _sample(points: NDArray[np.float32], pixels: NDArray[np.int32]) -> None:
    """Fill ``pixels``, (2, 50 (n - 1) + 1), with samples of a lane, n > 2 points."""
    n = len(points)
    steps = (points[1:] - points[:-1]).astype(np.float64)
    h = np.sqrt(steps[:, 0] * steps[:, 0] + steps[:, 1] * steps[:, 1])
    for axis in range(2):
        moments = _second_derivatives(h, steps[:, axis])
        for i in range(n - 1):
            m0, m1 = moments[i], moments[i + 1]
            a = np.float64(points[i, axis])
            b = steps[i, axis] / h[i] - (2 * h[i] * m0 + h[i] * m1) / 6
            c = m0 / 2
            d = (m1 - m0) / (6 * h[i])
            for k in range(_SAMPLES):
                t = h[i] / _SAMPLES * k
                value = np.float32(a + b * t + c * (t * t) + d * (t * t * t))
                pixels[axis, i * _SAMPLES + k] = _pixel(value)
        pixels[axis, -1] = _pixel(points[-1, axis])


@njit(cache=True, nogil=True)
def _trace(
    points: NDArray[np.float32],
    lane_starts: NDArray[np.int64],
    pixels: NDArray[np.int32],
    pixel_starts: NDArray[np.int64],
) -> None:
    for lane in range(len(lane_starts) - 1):
        lane_points = points[lane_starts[lane] : lane_starts[lane + 1]]
        lane_pixels = pixels[:, pixel_starts[lane] : pixel_starts[lane + 1]]
        if len(lane_points) > 2:
            _sample(lane_points, lane_pixels)
        elif len(lane_points) == 2:
            for i in range(2):
                for axis in range(2):
                    lane_pixels[axis, i] = _pixel(lane_points[i, axis])


def trace_lanes(
    points: FloatArray, lane_starts: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the pixels that the samples of each lane's curve fall on.

    Args:
        points: The points of all lanes, one lane after the other, (N, 2), (x, y).
        lane_starts: Where each lane starts in ``points``, and N at the end, (L + 1,).

    Returns:
        The pixels of all lanes in the order of the samples, (2, M), x and y, and where
        each lane starts in them, (L + 1,). A lane of fewer than two points has none. A
        coordinate that is not finite or does not fit in 32 bits is -2**31, and where
        two successive points are equal so is all of the lane but its last point.
    """
    with np.errstate(over="ignore"):
        points = points.astype(np.float32)
    sizes = np.diff(lane_starts)
    num_pixels = np.where(sizes > 2, _SAMPLES * (sizes - 1) + 1, sizes // 2 * 2)
    pixel_starts = np.concatenate([[0], np.cumsum(num_pixels)])
    pixels = np.empty((2, pixel_starts[-1]), np.int32)
    _trace(points, lane_starts, pixels, pixel_starts)
    return pixels, pixel_starts

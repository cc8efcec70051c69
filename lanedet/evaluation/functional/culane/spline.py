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


@njit(cache=True, nogil=True, error_model="numpy")
def _second_derivatives(h: FloatArray, steps: FloatArray) -> FloatArray:
    """Return the spline's second derivative at each point, (n,), by elimination.

    Its n - 1 chords have the lengths ``h`` and lead the coordinate on by ``steps``.
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
def _sample(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the samples of a lane of n > 2 points, (50 (n - 1) + 1, 2)."""
    n = len(points)
    samples = np.empty((_SAMPLES * (n - 1) + 1, 2), np.float32)
    steps, h = np.empty((2, n - 1)), np.empty(n - 1)
    for i in range(n - 1):  # what NumPy does to whole arrays takes seconds to compile
        dx, dy = points[i + 1, 0] - points[i, 0], points[i + 1, 1] - points[i, 1]
        steps[0, i], steps[1, i] = dx, dy
        h[i] = np.sqrt(steps[0, i] * steps[0, i] + steps[1, i] * steps[1, i])
    for axis in range(2):
        samples[-1, axis] = points[-1, axis]
        moments = _second_derivatives(h, steps[axis])
        for i in range(n - 1):
            m0, m1 = moments[i], moments[i + 1]
            a = np.float64(points[i, axis])
            b = steps[axis, i] / h[i] - (2 * h[i] * m0 + h[i] * m1) / 6
            c = m0 / 2
            d = (m1 - m0) / (6 * h[i])
            for k in range(_SAMPLES):
                t = h[i] / _SAMPLES * k
                value = a + b * t + c * (t * t) + d * (t * t * t)
                samples[i * _SAMPLES + k, axis] = value
    return samples


@njit(cache=True, nogil=True)
def trace_lane(lane: FloatArray) -> NDArray[np.int32]:
    """Return the pixels that the samples of a lane's curve fall on, (M, 2).

    A coordinate that is not finite or does not fit in 32 bits is -2**31, and where two
    successive points are equal so is all of the lane but its last point.

    Args:
        lane: Its points, (N, 2), (x, y), N >= 2.
    """
    points = lane.astype(np.float32)
    samples = _sample(points) if len(points) > 2 else points
    pixels = np.empty(samples.shape, np.int32)
    for i in range(len(samples)):
        for axis in range(2):
            value = np.rint(np.float64(samples[i, axis]))
            is_pixel = abs(value) < 2147483648.0  # which NaN is not
            pixels[i, axis] = int(value) if is_pixel else _INVALID_PIXEL
    return pixels

"""Wobbling polylines to smooth ones, as stiff as the perspective allows."""

import numpy as np

from lanedet.arrays import FloatArray

_MAX_WHOLE = 128  # points whose whole matrix is solved in some 0.1 ms at most


def straighten(points: FloatArray, stiffness: float, image_height: float) -> FloatArray:
    """Move a lane's points sideways so that it does not wobble from row to row.

    The result minimises the squared distances from the given x plus a penalty on
    second differences (Whittaker's smoother). A straight line stays as it is: roads
    that are straight are so in the image, too. A curve bends the more in the image the
    nearer it comes to the horizon, so the penalty falls with the distance from the
    lane's far end.

    Args:
        points: (N, 2), bottom to top, each y once.
        stiffness: Length over which a wobble is evened out, as a share of the image
            height, one image height below the lane's far end; it falls with the square
            root of that distance. 0 changes nothing.
        image_height: In the unit of the points, > 0.

    Returns:
        (N, 2), the same y.

    Example:
        >>> zigzag = np.array([[0.0, 90.0], [4.0, 80.0], [0.0, 70.0], [4.0, 60.0]])
        >>> straighten(zigzag, stiffness=1.0, image_height=100.0)[:, 0].round(1)
        array([0.8, 1.6, 2.4, 3.2])
    """
    if stiffness == 0 or len(points) < 3:
        return points
    x, y = points.T
    steps = y[:-1] - y[1:]
    # np.median takes longer than all the rest of so few numbers.
    ordered = np.sort(steps)
    typical_step = float(ordered[(len(steps) - 1) // 2] + ordered[len(steps) // 2]) / 2
    below_end = (y[1:-1] - y[-1]) / image_height
    length = stiffness * image_height * np.sqrt(below_end) / typical_step
    # Second divided differences, in units of the typical step: rows of D.
    before, after = steps[:-1] / typical_step, steps[1:] / typical_step
    rows = np.empty((3, len(before)))
    rows[0], rows[2] = 1 / before, 1 / after
    rows[1] = -rows[0] - rows[2]
    rows *= 2 / (before + after)
    weighted = rows * length**4
    # The normal matrix I + D^T W D has two bands above its diagonal.
    bands = np.zeros((3, len(points)))
    bands[2] = 1.0
    end = len(before)
    for first in range(3):
        for second in range(first, 3):
            band = bands[2 - second + first]
            band[second : second + end] += weighted[first] * rows[second]
    smooth = np.empty_like(points)
    smooth[:, 0], smooth[:, 1] = _solve(bands, x), y
    return smooth


def _solve(bands: FloatArray, values: FloatArray) -> FloatArray:
    """Return the solution (N,) of a symmetric system with two bands on each side.

    Args:
        bands: (3, N), the upper two bands and the diagonal, each with its columns, as
            for ``scipy.linalg.solveh_banded``.
        values: (N,).
    """
    number = len(values)
    if number > _MAX_WHOLE:
        # Few networks have so many rows, and all others would wait 0.15 s for SciPy.
        from scipy.linalg import solveh_banded

        return np.asarray(solveh_banded(bands, values, check_finite=False))
    matrix = np.zeros(number * number)
    for away, band in enumerate(bands[::-1]):  # every number-th and one is in a band
        matrix[away : number * (number - away) : number + 1] = band[away:]
        matrix[away * number :: number + 1] = band[away:]
    return np.asarray(np.linalg.solve(matrix.reshape(number, number), values))

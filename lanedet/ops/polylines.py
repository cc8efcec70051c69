"""Polylines: arrays of shape (N, 2), ordered (x, y), float64."""

import cv2
import numpy as np

from lanedet.arrays import FloatArray

_LAST_PIECE = 0.1  # of the image height: over which a lane's lower end is straight


def xs_at_rows(points: FloatArray, rows: FloatArray) -> FloatArray:
    """Return where a lane crosses image rows.

    Between its points a lane is straight; beyond its ends it does not exist. A lane
    is taken to cross a row once: its points are ordered by y first.

    Args:
        points: Polyline, shape (N, 2).
        rows: y of each row, shape (R,), same frame as ``points``.

    Returns:
        x of each row, shape (R,). NaN where the lane does not cross the row.

    Example:
        >>> lane = np.array([[10.0, 100.0], [30.0, 120.0]])
        >>> xs_at_rows(lane, np.array([90.0, 100.0, 110.0, 121.0]))
        array([nan, 10., 20., nan])
    """
    if len(points) == 0:
        return np.full(len(rows), np.nan)
    ordered = points[np.argsort(points[:, 1], kind="stable")]
    xs = np.interp(rows, ordered[:, 1], ordered[:, 0], left=np.nan, right=np.nan)
    return np.asarray(xs, dtype=np.float64)


def continue_to_border(points: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Return a lane that goes on at its lower end, straight to the image's border.

    Its direction is that of its lowest tenth of the image height, by least squares. It
    ends where it meets the lower edge, y = H, or before that a side, x = 0 or W - 1.

    Args:
        points: Polyline, (N, 2), in pixels of the image.
        shape: (H, W) of the image.

    Returns:
        Polyline, (N + 1, 2), bottom to top, the new point first. The given points where
        they end on the border or beyond, or on one row.

    Example:
        >>> lane = np.array([[30.0, 80.0], [40.0, 70.0]])
        >>> continue_to_border(lane, shape=(100, 200))[0]
        array([ 10., 100.])
    """
    if len(points) < 2:
        return points
    ordered = points[np.argsort(-points[:, 1], kind="stable")]
    height, width = shape
    lowest = ordered[0]
    piece = ordered[ordered[:, 1] >= lowest[1] - _LAST_PIECE * height]
    piece = piece if np.ptp(piece[:, 1]) > 0 else ordered[[0, -1]]
    x, y = (piece - piece.mean(axis=0)).T
    if not y.any() or lowest[1] >= height or not 0 < lowest[0] < width - 1:
        return points
    slope = (x @ y) / (y @ y)
    side = lowest[0] + slope * (height - lowest[1])
    end = np.array([side, height])
    if not 0 <= side <= width - 1:
        border = 0.0 if side < 0 else width - 1.0
        end = np.array([border, lowest[1] + (border - lowest[0]) / slope])
    return np.concatenate([end[None], ordered])


def resample_polyline(points: FloatArray, spacing: float) -> FloatArray:
    """Return points at equal distances along a polyline, both ends kept.

    Args:
        points: Polyline, shape (N, 2).
        spacing: Wanted distance between neighbours along the line, in the unit of
            ``points``, > 0. It is shrunk so that a whole number of steps fits.

    Returns:
        Polyline, shape (M, 2). Fewer than two distinct points come back unchanged.

    Raises:
        ValueError: If ``spacing`` is not positive.

    Example:
        >>> resample_polyline(np.array([[0.0, 0.0], [0.0, 9.0]]), spacing=4.0)
        array([[0., 0.],
               [0., 3.],
               [0., 6.],
               [0., 9.]])
    """
    if not spacing > 0:
        raise ValueError(f"spacing must be positive, got {spacing}.")
    lengths = np.hypot(*np.diff(points, axis=0).T) if len(points) > 1 else np.zeros(0)
    travelled = np.concatenate([[0.0], np.cumsum(lengths)])
    if travelled[-1] == 0:
        return points.copy()
    steps = int(np.ceil(travelled[-1] / spacing))
    wanted = np.linspace(0.0, travelled[-1], steps + 1)
    return np.stack(
        [np.interp(wanted, travelled, points[:, axis]) for axis in (0, 1)], axis=1
    )


def simplify_polyline(points: FloatArray, tolerance: float) -> FloatArray:
    """Return fewer of a polyline's points, that lie within a tolerance of all.

    Ramer's and Douglas and Peucker's rule; both ends are kept.

    Args:
        points: Polyline, shape (N, 2).
        tolerance: Largest distance of a point that is left out from the new line, in
            the unit of ``points``, >= 0.

    Returns:
        Polyline, shape (M, 2), M <= N. Single precision, as cv2 computes it.

    Raises:
        ValueError: If ``tolerance`` is negative.

    Example:
        >>> bend = np.array([[0.0, 0.0], [5.0, 0.1], [10.0, 0.0], [10.0, 9.0]])
        >>> simplify_polyline(bend, tolerance=0.5)
        array([[ 0.,  0.],
               [10.,  0.],
               [10.,  9.]])
    """
    if not tolerance >= 0:
        raise ValueError(f"tolerance must be at least 0, got {tolerance}.")
    if len(points) < 3:
        return points.copy()
    line = points.astype(np.float32)
    if np.array_equal(line[0], line[-1]):
        # cv2 would take it for closed: begin elsewhere and leave out the second end.
        far = int(np.hypot(*(line - line[0]).T).argmax())
        if far == 0:
            return np.asarray(line[[0, -1]], dtype=np.float64)
        there = simplify_polyline(points[: far + 1], tolerance)
        return np.concatenate([there, simplify_polyline(points[far:], tolerance)[1:]])
    kept = cv2.approxPolyDP(line, tolerance, closed=False)
    return np.asarray(kept, dtype=np.float64).reshape(-1, 2)

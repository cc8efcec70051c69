"""Non-maximum suppression of lines: of several that show one lane, the best stays."""

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray

_PARTS = 3  # near, middle and far


def suppress_lines(
    scores: FloatArray, lines: FloatArray, max_distance: float
) -> NDArray[np.int64]:
    """Return which lines to keep, the best first.

    The best line stays, and all that show the same lane go; then the best of those
    left, and so on. Two lines show the same lane if their mean horizontal distance is
    below ``max_distance`` in the near, the middle and the far third of the rows that
    they share. So lanes that part live, however long they were one. Lines that share
    no row never show the same lane. Of equal scores the first is the better one.

    Args:
        scores: (A,), finite.
        lines: (A, R + 2), as in :mod:`lanedet.ops.line_targets`, finite.
        max_distance: In pixels of the network input.

    Returns:
        Indices of the lines that are kept, by falling score.

    Raises:
        ValueError: If there is not one score to each line.

    Example:
        >>> lines = np.array([[0, 2, 5, 5, 5], [0, 2, 6, 6, 6], [0, 2, 9, 9, 9.0]])
        >>> suppress_lines(np.array([0.8, 0.9, 0.3]), lines, max_distance=2)
        array([1, 2])
    """
    if len(scores) != len(lines):
        raise ValueError(
            f"Every line must have a score, got {len(scores)} scores and "
            f"{len(lines)} lines."
        )
    order = np.argsort(-scores, kind="stable")
    same = _show_same_lane(lines[order], max_distance)
    free = np.ones(len(order), dtype=bool)
    kept = []
    for place, index in enumerate(order):
        if free[place]:
            kept.append(int(index))
            free &= ~same[place]
    return np.array(kept, dtype=np.int64)


def _show_same_lane(lines: FloatArray, max_distance: float) -> NDArray[np.bool_]:
    """Return for each pair of lines whether they show the same lane, (A, A)."""
    starts, ends, xs = lines[:, 0], lines[:, 1], lines[:, 2:]
    rows = np.arange(xs.shape[1])
    first = np.ceil(np.maximum(starts[:, None], starts))[..., None]
    last = np.floor(np.minimum(ends[:, None], ends))[..., None]
    num_shared = np.maximum(last - first + 1, 0)
    distances = np.abs(xs[:, None] - xs)
    part = _PARTS * (rows - first) // np.maximum(num_shared, 1)
    are_near = num_shared[..., 0] > 0
    for number in range(_PARTS):
        chosen = (part == number) & (rows >= first) & (rows <= last)
        count = chosen.sum(axis=2)
        mean = (distances * chosen).sum(axis=2) / np.maximum(count, 1)
        are_near &= (count == 0) | (mean < max_distance)
    return are_near

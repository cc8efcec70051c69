"""Which proposals learn which lanes."""

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray

_NUM_BEST = 4  # proposals whose overlaps say how many learn a lane


def assign_lines(costs: FloatArray, ious: FloatArray) -> NDArray[np.int64]:
    """Return the lane that each proposal learns.

    First every lane gets one proposal of its own, so that the sum of costs is the
    least: where lanes part, both want the same ones. Then, as in SimOTA
    (https://arxiv.org/abs/2107.08430), a lane takes its k cheapest proposals, k being
    the sum of its four best overlaps, rounded down; one that several lanes take goes
    to the cheapest of them, unless it is another lane's own.

    Args:
        costs: (A, G), of each proposal and lane, finite.
        ious: (A, G), their overlaps, at most 1. Below 0 counts as 0.

    Returns:
        (A,), number of a lane in [0, G), or -1 for none. With more lanes than
        proposals, as many lanes as there are proposals get one each.

    Raises:
        ValueError: If the shapes differ or a cost is not finite.

    Example:
        >>> costs = np.array([[1.0, 2.0], [5.0, 9.0], [7.0, 8.0]])
        >>> assign_lines(costs, ious=np.zeros((3, 2)))
        array([ 1,  0, -1])
    """
    if costs.ndim != 2 or costs.shape != ious.shape:
        raise ValueError(
            "costs and ious must have one shape (proposals, lanes), "
            f"got {costs.shape} and {ious.shape}."
        )
    if not np.isfinite(costs).all():
        raise ValueError("costs must be finite, as the network's output must be.")
    assigned = np.full(len(costs), -1, dtype=np.int64)
    if costs.size == 0:
        return assigned
    best = np.sort(np.maximum(ious, 0), axis=0)[-_NUM_BEST:]
    counts = np.floor(best.sum(axis=0) + 1e-9).astype(int)
    ranks = np.argsort(np.argsort(costs, axis=0, kind="stable"), axis=0)
    wanted = np.where(ranks < counts, costs, np.inf)
    is_wanted = np.isfinite(wanted).any(axis=1)
    assigned[is_wanted] = wanted[is_wanted].argmin(axis=1)
    # Only training assigns, and all that predicts would wait for this import.
    from scipy.optimize import linear_sum_assignment

    own, lanes = linear_sum_assignment(costs)
    assigned[own] = lanes
    return assigned

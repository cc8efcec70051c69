"""How CULane's official evaluator pairs predictions with labels.

Kuhn and Munkres' algorithm looks for the pairs of greatest total overlap, but takes an
edge as tight within 0.01. The pairs can therefore fall short of the optimum, and which
ones are found depends on the order of the lanes.

Source: https://github.com/XingangPan/SCNN, tools/lane_evaluation (hungarianGraph.hpp,
counter.cpp).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lanedet.arrays import FloatArray

_TOLERANCE = 1e-2


@njit(cache=True, nogil=True)
def _augment(
    u: int,
    gains: FloatArray,
    prices: tuple[FloatArray, FloatArray],
    u_seen: NDArray[np.bool_],
    v_seen: NDArray[np.bool_],
    owners: NDArray[np.int64],
) -> bool:
    """Look for a partner of ``u`` along tight edges, moving others where possible."""
    u_seen[u] = True
    for v in range(gains.shape[1]):
        slack = prices[0][u] + prices[1][v] - gains[u, v]
        if v_seen[v] or not abs(slack) < _TOLERANCE:
            continue
        v_seen[v] = True
        if owners[v] < 0 or _augment(owners[v], gains, prices, u_seen, v_seen, owners):
            owners[v] = u
            return True
    return False


@njit(cache=True, nogil=True)
def _least_slack(
    gains: FloatArray,
    prices: tuple[FloatArray, FloatArray],
    u_seen: NDArray[np.bool_],
    v_seen: NDArray[np.bool_],
) -> float:
    """Return by how much the next edge fails to be tight, 1e10 if there is none."""
    least = 1e10
    for u in range(gains.shape[0]):
        for v in range(gains.shape[1]):
            # Not min(): an overlap that is NaN must leave it as it is.
            slack = prices[0][u] + prices[1][v] - gains[u, v]
            if u_seen[u] and not v_seen[v] and slack < least:
                least = slack
    return least


@njit(cache=True, nogil=True)
def _owners(gains: FloatArray) -> NDArray[np.int64]:
    """Return the row of each column, -1 for none. Rows must not outnumber columns."""
    num_u, num_v = gains.shape
    prices = np.full(num_u, -1e5), np.zeros(num_v)
    for u in range(num_u):
        for gain in gains[u]:
            if gain > prices[0][u]:  # which NaN is not
                prices[0][u] = gain
    owners = np.full(num_v, -1)
    for u in range(num_u):
        while True:
            u_seen, v_seen = np.zeros(num_u, np.bool_), np.zeros(num_v, np.bool_)
            if _augment(u, gains, prices, u_seen, v_seen, owners):
                break
            least = _least_slack(gains, prices, u_seen, v_seen)
            if least == 1e10:
                return owners
            prices[0][u_seen] -= least
            prices[1][v_seen] += least
    return owners


def match_lanes(ious: FloatArray) -> NDArray[np.int64]:
    """Return the prediction that each label is paired with, -1 for none.

    Args:
        ious: Overlap of each label with each prediction, (G, P). NaN pairs with none.

    Example:
        >>> match_lanes(np.array([[0.6, 0.7], [0.1, 0.8]]))
        array([0, 1])
    """
    num_gt, num_pred = ious.shape
    if num_gt > num_pred:
        return np.asarray(_owners(np.ascontiguousarray(ious.T)))
    label_of = _owners(np.ascontiguousarray(ious))
    pairs = np.full(num_gt, -1)
    is_paired = label_of >= 0
    pairs[label_of[is_paired]] = np.flatnonzero(is_paired)
    return pairs

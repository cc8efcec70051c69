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
    slack: FloatArray,
    u_seen: NDArray[np.bool_],
    v_seen: NDArray[np.bool_],
    owners: NDArray[np.int64],
) -> bool:
    """Look for a partner of ``u`` along tight edges, moving others where possible."""
    u_seen[u] = True
    for v in range(slack.shape[1]):
        if v_seen[v] or not abs(slack[u, v]) < _TOLERANCE:
            continue
        v_seen[v] = True
        if owners[v] < 0 or _augment(owners[v], slack, u_seen, v_seen, owners):
            owners[v] = u
            return True
    return False


@njit(cache=True, nogil=True)
def _owners(gains: FloatArray) -> NDArray[np.int64]:
    """Return the row of each column, -1 for none. Rows must not outnumber columns."""
    num_u, num_v = gains.shape
    u_prices = np.array([max(row.max(), -1e5) for row in gains])
    v_prices = np.zeros(num_v)
    owners = np.full(num_v, -1)
    for u in range(num_u):
        while True:
            slack = u_prices.reshape(-1, 1) + v_prices - gains
            u_seen, v_seen = np.zeros(num_u, np.bool_), np.zeros(num_v, np.bool_)
            if _augment(u, slack, u_seen, v_seen, owners):
                break
            # By how much the next edge fails to be tight.
            least = np.where(u_seen.reshape(-1, 1) & ~v_seen, slack, np.inf).min()
            if least >= 1e10:
                return owners
            u_prices[u_seen] -= least
            v_prices[v_seen] += least
    return owners


def match_lanes(ious: FloatArray) -> NDArray[np.int64]:
    """Return the prediction that each label is paired with, -1 for none.

    Args:
        ious: Overlap of each label with each prediction, (G, P). NaN pairs with none.

    Example:
        >>> match_lanes(np.array([[0.6, 0.7], [0.1, 0.8]]))
        array([0, 1])
    """
    gains = np.where(np.isnan(ious), -np.inf, ious)
    if len(gains) > gains.shape[1]:
        return np.asarray(_owners(np.ascontiguousarray(gains.T)))
    label_of = _owners(gains)
    pairs = np.full(len(gains), -1)
    pairs[label_of[label_of >= 0]] = np.flatnonzero(label_of >= 0)
    return pairs

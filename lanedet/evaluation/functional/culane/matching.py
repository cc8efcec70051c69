"""How CULane's official evaluator pairs predictions with labels.

Kuhn and Munkres' algorithm looks for the pairs of greatest total overlap, but takes an
edge as tight within 0.01. The pairs can therefore fall short of the optimum, and which
ones are found depends on the order of the lanes.

Source: https://github.com/XingangPan/SCNN, tools/lane_evaluation (hungarianGraph.hpp,
counter.cpp).
"""

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray

_TOLERANCE = 1e-2


def match_lanes(ious: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the labels that have a prediction, and the prediction of each.

    Args:
        ious: Overlap of each label with each prediction, (G, P). NaN pairs with none.

    Example:
        >>> match_lanes(np.array([[0.6, 0.7], [0.1, 0.8]]))
        (array([0, 1]), array([0, 1]))
    """
    gains = np.where(np.isnan(ious), -np.inf, ious)
    is_tall = len(gains) > gains.shape[1]
    owners = np.array(_owners(gains.T if is_tall else gains), dtype=np.int64)
    owned = np.flatnonzero(owners >= 0)
    return (owned, owners[owned]) if is_tall else (owners[owned], owned)


def _owners(gains: FloatArray) -> list[int]:
    """Return the row of each column, -1 for none. Rows must not outnumber columns."""
    num_u, num_v = gains.shape
    u_prices, v_prices = gains.max(axis=1, initial=-1e5), np.zeros(num_v)
    owners = [-1] * num_v

    def augment(u: int) -> bool:
        """Look for a partner of ``u`` along tight edges, moving others if possible."""
        u_seen[u] = True
        for v, is_edge in enumerate(is_tight[u]):
            if not is_edge or v_seen[v]:
                continue
            v_seen[v] = True
            if owners[v] < 0 or augment(owners[v]):
                owners[v] = u
                return True
        return False

    for u in range(num_u):
        while True:
            slack = u_prices[:, None] + v_prices - gains
            is_tight = (abs(slack) < _TOLERANCE).tolist()
            u_seen, v_seen = [False] * num_u, [False] * num_v
            if augment(u):
                break
            # By how much the next edge fails to be tight.
            least = slack[u_seen][:, np.invert(v_seen)].min(initial=np.inf)
            if least >= 1e10:
                return owners
            u_prices[u_seen] -= least
            v_prices[v_seen] += least
    return owners

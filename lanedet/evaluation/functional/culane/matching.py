"""How CULane's official evaluator pairs predictions with labels.

Kuhn and Munkres' algorithm looks for the pairs of greatest total overlap, but takes an
edge as tight within 0.01. The pairs can therefore fall short of the optimum, and which
ones are found depends on the order of the lanes.

Source: https://github.com/XingangPan/SCNN, tools/lane_evaluation (hungarianGraph.hpp,
counter.cpp).
"""

from collections.abc import Sequence
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray

_TOLERANCE = 1e-2


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
        return np.array(_owners(gains.T))
    pairs = np.full(len(gains), -1)
    for prediction, label in enumerate(_owners(gains)):
        if label >= 0:
            pairs[label] = prediction
    return pairs


def _owners(gains: FloatArray) -> list[int]:
    """Return the row of each column, -1 for none. Rows must not outnumber columns."""
    num_u, num_v = gains.shape
    u_prices, v_prices = gains.max(axis=1, initial=-1e5), np.zeros(num_v)
    slack, tight = _slack(gains, u_prices, v_prices)
    owners = [-1] * num_v
    for u in range(num_u):
        u_seen, v_seen = [False] * num_u, [False] * num_v
        while not _augment(u, tight, u_seen, v_seen, owners):
            # By how much the next edge fails to be tight.
            least = slack[u_seen][:, np.invert(v_seen)].min(initial=np.inf)
            if least >= 1e10:
                return owners
            u_prices[u_seen] -= least
            v_prices[v_seen] += least
            slack, tight = _slack(gains, u_prices, v_prices)
            u_seen, v_seen = [False] * num_u, [False] * num_v
    return owners


def _slack(
    gains: FloatArray, u_prices: FloatArray, v_prices: FloatArray
) -> tuple[FloatArray, list[list[int]]]:
    """Return how far each edge is from tight, and the columns of tight ones by row."""
    slack = u_prices[:, None] + v_prices - gains
    is_tight = (abs(slack) < _TOLERANCE).tolist()
    return slack, [list(compress(range(len(v_prices)), row)) for row in is_tight]


def _augment(
    u: int,
    tight: Sequence[Sequence[int]],
    u_seen: list[bool],
    v_seen: list[bool],
    owners: list[int],
) -> bool:
    """Look for a partner of ``u`` along tight edges, moving others where possible."""
    u_seen[u] = True
    for v in tight[u]:
        if v_seen[v]:
            continue
        v_seen[v] = True
        if owners[v] < 0 or _augment(owners[v], tight, u_seen, v_seen, owners):
            owners[v] = u
            return True
    return False

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
    u_price: FloatArray,
    v_price: FloatArray,
    u_seen: NDArray[np.bool_],
    v_seen: NDArray[np.bool_],
    u_of: NDArray[np.int64],
    v_of: NDArray[np.int64],
) -> bool:
    """Look for a partner of ``u`` along tight edges, moving others where possible."""
    u_seen[u] = True
    for v in range(gains.shape[1]):
        if v_seen[v] or not abs(u_price[u] + v_price[v] - gains[u, v]) < _TOLERANCE:
            continue
        v_seen[v] = True
        if u_of[v] < 0 or _augment(
            u_of[v], gains, u_price, v_price, u_seen, v_seen, u_of, v_of
        ):
            u_of[v] = u
            v_of[u] = v
            return True
    return False


@njit(cache=True, nogil=True)
def _lower_prices(
    gains: FloatArray,
    u_price: FloatArray,
    v_price: FloatArray,
    u_seen: NDArray[np.bool_],
    v_seen: NDArray[np.bool_],
) -> bool:
    """Make one more edge tight; return whether there was one to make so."""
    least = 1e10
    for u in range(len(u_price)):
        for v in range(len(v_price)):
            # Not min(): an overlap that is NaN must leave it as it is.
            slack = u_price[u] + v_price[v] - gains[u, v]
            if u_seen[u] and not v_seen[v] and slack < least:
                least = slack
    if least == 1e10:
        return False
    for u in range(len(u_price)):
        u_price[u] -= least * u_seen[u]
    for v in range(len(v_price)):
        v_price[v] += least * v_seen[v]
    return True


@njit(cache=True, nogil=True)
def _match(gains: FloatArray) -> NDArray[np.int64]:
    """Return the column of each row, -1 for none. Rows must not outnumber columns."""
    num_u, num_v = gains.shape
    u_price, v_price = np.full(num_u, -1e5), np.zeros(num_v)
    u_of, v_of = np.full(num_v, -1), np.full(num_u, -1)
    for u in range(num_u):
        for v in range(num_v):
            if u_price[u] < gains[u, v]:
                u_price[u] = gains[u, v]
    for u in range(num_u):
        while True:
            u_seen, v_seen = np.zeros(num_u, np.bool_), np.zeros(num_v, np.bool_)
            if _augment(u, gains, u_price, v_price, u_seen, v_seen, u_of, v_of):
                break
            if not _lower_prices(gains, u_price, v_price, u_seen, v_seen):
                return v_of
    return v_of


@njit(cache=True, nogil=True)
def _prediction_of_label(ious: FloatArray) -> NDArray[np.int64]:
    num_gt, num_pred = ious.shape
    if num_gt <= num_pred:
        return _match(ious)
    label_of = _match(ious.T.copy())
    match = np.full(num_gt, -1)
    for prediction in range(num_pred):
        if label_of[prediction] >= 0:
            match[label_of[prediction]] = prediction
    return match


@njit(cache=True, nogil=True)
def _count(
    ious: FloatArray,
    iou_starts: NDArray[np.int64],
    list_starts: NDArray[np.int64],
    thresholds: FloatArray,
    tp: NDArray[np.int64],
) -> None:
    for image in range(len(tp)):
        first, middle, last = list_starts[2 * image : 2 * image + 3]
        if first == middle or middle == last:
            continue
        table = ious[iou_starts[image] : iou_starts[image + 1]]
        table = table.reshape((middle - first, last - middle))
        match = _prediction_of_label(table)
        for label in range(len(match)):
            if match[label] < 0:
                continue
            for t in range(len(thresholds)):
                tp[image, t] += table[label, match[label]] > thresholds[t]


def match_lanes(ious: FloatArray) -> NDArray[np.int64]:
    """Return the prediction that each label is paired with, -1 for none.

    Args:
        ious: Overlap of each label with each prediction, (G, P). NaN pairs with none.

    Example:
        >>> match_lanes(np.array([[0.6, 0.7], [0.1, 0.8]]))
        array([0, 1])
    """
    if 0 in ious.shape:
        return np.full(len(ious), -1)
    return np.asarray(_prediction_of_label(np.ascontiguousarray(ious)))


def count_matches(
    ious: FloatArray,
    iou_starts: NDArray[np.int64],
    list_starts: NDArray[np.int64],
    thresholds: FloatArray,
) -> NDArray[np.int64]:
    """Return how many pairs of each image overlap by more than each threshold.

    Args:
        ious: The tables of all images, as ``painted_ious`` returns them.
        iou_starts: Where each table starts, (I + 1,).
        list_starts: Where each list of lanes starts, (2 I + 1,).
        thresholds: Overlaps, (T,).

    Returns:
        True positives, (I, T).
    """
    tp = np.zeros((len(iou_starts) - 1, len(thresholds)), np.int64)
    _count(ious, iou_starts, list_starts, thresholds, tp)
    return tp

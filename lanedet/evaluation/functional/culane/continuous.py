"""How LaneATT's evaluator scores lanes on CULane when it is not asked to be official.

LaneATT's authors rewrote the evaluator in Python, and most papers since then use their
file. In the mode they call continuous nothing is painted: a lane is the polygon around
its curve, cut off at the image, and the overlap is one of areas. Scores differ from the
official ones, at 0.5 by some tenths of a per cent and more at higher thresholds.

Lanes become B-splines through all points (cubic where there are four or more), sampled
five times per point. Each is widened by half the width to both sides, with flat ends
and mitred corners, and cut to [0, W - 1] x [0, H - 1]. Pairs are those of least total
``1 - overlap``.

Where that program stops with an error, the overlap is 0 here, as in the official
evaluator: on lanes that repeat a point, on pairs of lanes outside the image, and on
curves so tightly wound that polygons cannot be joined.

Source: https://github.com/lucastabelini/LaneATT, utils/culane_metric.py at 8b4cb6d
(``official=False``). CLRNet's copy (github.com/Turoad/CLRNet) adds the mean over ten
thresholds, called mF1, but paints its lanes by default.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.interpolate import splev, splprep
from scipy.optimize import linear_sum_assignment

from lanedet.arrays import FloatArray

# Most sharp turns, by more than a right angle, of an image's labels or predictions. A
# polygon around a line that goes back and forth crosses itself everywhere: the time to
# make it grows with the square of the turns, to a second or two for so many.
_MAX_TURNS = 300
_SAMPLES = 5  # per point
_FARTHEST = 1e6  # pixels; polygons of larger numbers are not exact, or fail


def polygon_ious(
    pred_lanes: Sequence[FloatArray],
    gt_lanes: Sequence[FloatArray],
    shape: tuple[int, int],
    lane_width: int,
) -> FloatArray:
    """Return how far the polygons around lanes overlap.

    What it takes and returns is as of ``painted_ious``, but lanes have two points at
    least, and (G, P) is the area of intersections over that of unions, without NaN.

    Raises:
        ValueError: If lanes turn by more than a right angle more than 300 times.
    """
    gts = _polygons(gt_lanes, shape, lane_width)
    preds = _polygons(pred_lanes, shape, lane_width)
    ious = [[_iou(gt, pred) for pred in preds] for gt in gts]
    return np.array(ious, dtype=np.float64).reshape(len(gt_lanes), len(pred_lanes))


def _iou(gt: shapely.Geometry, pred: shapely.Geometry) -> float:
    try:
        shared = shapely.area(shapely.intersection(gt, pred))
        either = shapely.area(shapely.union(gt, pred))
    except shapely.errors.GEOSException:  # of polygons thinner than rounding errors
        return 0.0
    return float(shared / either) if either > 0 else 0.0


def pair_lanes(ious: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs as ``match_lanes`` does, but those of the greatest total overlap."""
    # Transposed, because among equal pairings the order decides.
    predictions, labels = linear_sum_assignment(1 - ious.T)
    return labels, predictions


def _polygons(
    lanes: Sequence[FloatArray], shape: tuple[int, int], lane_width: int
) -> NDArray[np.object_]:
    num_turns = sum(map(_num_turns, lanes))
    if num_turns > _MAX_TURNS:
        raise ValueError(
            f"the lanes of an image may turn by more than a right angle {_MAX_TURNS} "
            f"times, got {num_turns}. Smooth them: a lane leads one way."
        )
    height, width = shape
    image = shapely.box(0, 0, width - 1, height - 1)
    curves = np.array(
        [shapely.LineString(_curve(lane)) for lane in lanes], dtype=object
    )
    wide = shapely.buffer(curves, lane_width / 2, cap_style="flat", join_style="mitre")
    return np.asarray(shapely.intersection(wide, image), dtype=np.object_)


def _num_turns(lane: FloatArray) -> int:
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(lane, axis=0)
        return int(((steps[1:] * steps[:-1]).sum(axis=1) < 0).sum())


def _curve(lane: FloatArray) -> FloatArray | None:
    """Return samples of the spline through a lane, None where there is none."""
    is_far = not (np.abs(lane) <= _FARTHEST).all()
    if is_far or (lane[1:] == lane[:-1]).all(axis=1).any():
        return None
    knots, u = splprep(lane.T, s=0, k=min(3, len(lane) - 1))
    samples = np.linspace(0, 1, (len(u) - 1) * _SAMPLES + 1)
    return np.asarray(splev(samples, knots), dtype=np.float64).T

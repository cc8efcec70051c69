"""The TuSimple lane benchmark, as pure functions on arrays.

A lane is its x on fixed image rows, NaN where it does not cross the row.

Rules: https://github.com/TuSimple/tusimple-benchmark (evaluate/lane.py). The tests
compare with the numbers of that program, peculiarities included: an image with too many
predictions gets no false positive, one prediction may match several labels (so that
the false positive rate can be negative), rows that neither lane crosses count as
correct, and with more than MAX_LABELS labelled lanes, of which the benchmark has none,
accuracy and false negative rate can exceed 1. A file that names an image twice, which
that program does not notice, is an error here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.evaluation.functional.tusimple_lines import (
    checked_pair,
    paired_lines,
    warn_of_slow,
)
from lanedet.formats import TUSIMPLE_SHAPE, TuSimpleLine

# The benchmark compares an absent point as if it lay here. On a lane so flat that the
# tolerance exceeds 100 px this decides, so it is not the same as "never close".
_ABSENT_X = -100.0
MAX_LABELS = 5
"""Most labelled lanes per image for which the rules are made."""

MAX_COMPARED = 10_000_000
"""Most points that one image may have to compare: labels x predictions x rows."""

_PIXEL_THRESHOLD = 20.0
_MAX_SURPLUS = 2  # more predictions than labels than this void the image
_MAX_COUNTED = 4  # labels beyond this number are forgiven one miss


class TuSimpleScore(NamedTuple):
    """The benchmark's three numbers, of one image or averaged over many."""

    accuracy: float
    """Mean share of rows on which labels are met, in [0, 1] up to MAX_LABELS."""

    fp: float
    """Share of predicted lanes that match no label. Below 0 in odd cases."""

    fn: float
    """Share of labelled lanes no prediction matches, in [0, 1] up to MAX_LABELS."""


@dataclass(frozen=True)
class TuSimpleRules:
    """The benchmark's constants.

    Attributes:
        pixel_threshold: Horizontal distance below which a vertical lane is met, in
            pixels of the original image. Made for images 1280 pixels wide.
        match_threshold: Smallest share of met rows that matches a lane, in (0, 1].
        time_limit_ms: Largest running time for which an image is scored at all.

    Raises:
        ValueError: If one is outside its range.
    """

    pixel_threshold: float = _PIXEL_THRESHOLD
    match_threshold: float = 0.85
    time_limit_ms: float = 200.0

    def __post_init__(self) -> None:
        if not 0 < self.pixel_threshold < np.inf:
            raise ValueError(
                f"pixel_threshold must be positive, got {self.pixel_threshold}."
            )
        if not 0 < self.match_threshold <= 1:
            raise ValueError(
                f"match_threshold must lie in (0, 1], got {self.match_threshold}."
            )
        if not self.time_limit_ms > 0:
            raise ValueError(
                f"time_limit_ms must be positive, got {self.time_limit_ms}."
            )


OFFICIAL_RULES = TuSimpleRules()


def rules_of_width(width: int) -> TuSimpleRules:
    """Return the benchmark's rules for images of another size.

    The tolerance keeps its share of the image's width.

    Args:
        width: Width of the images, in pixels.

    Example:
        >>> rules_of_width(1920).pixel_threshold
        30.0
    """
    return TuSimpleRules(pixel_threshold=_PIXEL_THRESHOLD * width / TUSIMPLE_SHAPE[1])


def lane_tolerances(
    gt_xs: FloatArray, rows: FloatArray, pixel_threshold: float = 20.0
) -> FloatArray:
    """Return how far from each labelled lane a point may lie horizontally.

    The tolerance is ``pixel_threshold`` across the lane: it is divided by the cosine
    of the lane's lean against the vertical, whose tangent is the slope of the least
    squares fit of x on y. A lane of fewer than two points counts as vertical.

    Args:
        gt_xs: Labelled x of each lane on each row, shape (G, R), NaN where absent.
        rows: y of each row, shape (R,).
        pixel_threshold: Tolerance of a vertical lane, in pixels.

    Returns:
        Tolerances in pixels, shape (G,).

    Example:
        >>> lane = np.array([[0.0, 30.0, np.nan]])  # leans 3 to the side, 4 down
        >>> lane_tolerances(lane, np.array([0.0, 40.0, 80.0])).round(9)
        array([25.])
    """
    visible = ~np.isnan(gt_xs)
    counts = np.maximum(visible.sum(axis=1, keepdims=True), 1)
    ys = np.where(visible, rows, 0.0)
    xs = np.where(visible, gt_xs, 0.0)
    ys = np.where(visible, ys - ys.sum(axis=1, keepdims=True) / counts, 0.0)
    xs = np.where(visible, xs - xs.sum(axis=1, keepdims=True) / counts, 0.0)
    spread = (ys * ys).sum(axis=1)
    slopes = (xs * ys).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    return np.asarray(pixel_threshold / np.cos(np.arctan(slopes)), dtype=np.float64)


def point_accuracy(
    pred_xs: FloatArray, gt_xs: FloatArray, tolerances: FloatArray
) -> FloatArray:
    """Return the share of rows on which each prediction meets each label.

    Args:
        pred_xs: Predicted x of each lane on each row, shape (P, R), NaN where absent.
        gt_xs: Labelled x, shape (G, R).
        tolerances: Distance from each label that is just too far, in pixels, (G,).

    Returns:
        Shares in [0, 1], shape (G, P).

    Raises:
        ValueError: If these are more than :data:`MAX_COMPARED` points.

    Example:
        >>> lane = np.array([[100.0, 110.0, np.nan]])
        >>> point_accuracy(lane + 30, lane, np.array([20.0])).round(3)
        array([[0.333]])
    """
    num_compared = len(gt_xs) * pred_xs.size
    if num_compared > MAX_COMPARED:
        raise ValueError(
            f"An image may have up to {MAX_COMPARED:,} points to compare, got "
            f"{len(gt_xs)} labelled x {len(pred_xs)} predicted lanes x "
            f"{pred_xs.shape[1]} rows."
        )
    pred = np.where(np.isnan(pred_xs), _ABSENT_X, pred_xs)
    gt = np.where(np.isnan(gt_xs), _ABSENT_X, gt_xs)
    distances = np.abs(pred[None] - gt[:, None])  # (G, P, R)
    return np.asarray((distances < tolerances[:, None, None]).mean(axis=-1))


def evaluate_image(
    pred_xs: FloatArray,
    gt_xs: FloatArray,
    rows: FloatArray,
    run_time_ms: float = 0.0,
    rules: TuSimpleRules = OFFICIAL_RULES,
) -> TuSimpleScore:
    """Score the lanes of one image.

    Args:
        pred_xs: Predicted x of each lane on each row, shape (P, R), in pixels of the
            original image, NaN where absent.
        gt_xs: Labelled x, shape (G, R). A lane without any point counts as a lane.
        rows: y of each row, shape (R,), R >= 1.
        run_time_ms: Time that the prediction took.
        rules: The benchmark's constants.

    Raises:
        ValueError: If the lanes do not have one x per row.
    """
    for name, xs in (("pred_xs", pred_xs), ("gt_xs", gt_xs)):
        if xs.ndim != 2 or xs.shape[1] != len(rows) or len(rows) == 0:
            raise ValueError(
                f"{name} must have shape (lanes, {len(rows)}), one x per row and at "
                f"least one row, got {xs.shape}."
            )
    num_pred, num_gt = len(pred_xs), len(gt_xs)
    if run_time_ms > rules.time_limit_ms or num_pred > num_gt + _MAX_SURPLUS:
        return TuSimpleScore(accuracy=0.0, fp=0.0, fn=1.0)
    tolerances = lane_tolerances(gt_xs, rows, rules.pixel_threshold)
    best = point_accuracy(pred_xs, gt_xs, tolerances).max(axis=1, initial=0.0)
    num_matched = int((best >= rules.match_threshold).sum())
    num_missed = num_gt - num_matched
    total = float(best.sum())
    if num_gt > _MAX_COUNTED:
        num_missed = max(num_missed - 1, 0)
        total -= float(best.min())
    num_counted = max(min(num_gt, _MAX_COUNTED), 1)
    return TuSimpleScore(
        accuracy=total / num_counted,
        fp=(num_pred - num_matched) / num_pred if num_pred else 0.0,
        fn=num_missed / num_counted,
    )


def mean_score(scores: Iterable[TuSimpleScore]) -> TuSimpleScore:
    """Average the scores of images, each image counting the same.

    Raises:
        ValueError: If there is no score.
    """
    table = np.array(list(scores), dtype=np.float64)
    if len(table) == 0:
        raise ValueError("At least one image must be scored, got none.")
    return TuSimpleScore(*table.mean(axis=0).tolist())


def f1_of_rates(fp: float, fn: float) -> float:
    """Return the F1 that CLRNet's authors report for TuSimple.

    It is no part of the benchmark. True positives are taken as ``1 - fp``, although
    ``fp`` is a share of predictions and ``fn`` one of labels. Where every label is
    missed it is 0 here; the formula would give two thirds if nothing is predicted.

    Args:
        fp: False positive rate, averaged over images.
        fn: False negative rate, averaged over images.

    Example:
        >>> round(f1_of_rates(fp=0.2, fn=0.2), 6)
        0.8
    """
    precision = 1.0 - fp
    if precision <= 0 or fn >= 1:
        return 0.0
    recall = precision / (precision + fn)
    return 2 * precision * recall / (precision + recall)


def evaluate_submission(
    predictions: Sequence[TuSimpleLine],
    labels: Sequence[TuSimpleLine],
    rules: TuSimpleRules = OFFICIAL_RULES,
) -> TuSimpleScore:
    """Score the lines of a prediction file against those of a label file.

    Args:
        predictions: One entry per image, in any order.
        labels: One entry per image.
        rules: The benchmark's constants.

    Raises:
        ValueError: If the files do not name the same images once each, a prediction
            lacks its running time or has other rows than its label.

    Warns:
        UserWarning: If predictions took so long that the rules give nothing for them.
    """
    pairs = paired_lines(predictions, labels)
    score = mean_score(_evaluate_pair(pred, gt, rules) for pred, gt in pairs)
    warn_of_slow(predictions, rules.time_limit_ms)
    return score


def _evaluate_pair(
    pred: TuSimpleLine, gt: TuSimpleLine, rules: TuSimpleRules
) -> TuSimpleScore:
    gt_rows, run_time_ms = checked_pair(pred, gt)
    pred_xs = pred.xs.reshape(len(pred.xs), len(gt_rows))
    try:
        return evaluate_image(pred_xs, gt.xs, gt_rows, run_time_ms, rules)
    except ValueError as error:
        raise ValueError(f"{pred.raw_file!r}: {error}") from error

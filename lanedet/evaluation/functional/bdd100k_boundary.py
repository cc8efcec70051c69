"""BDD100K's own score of lane markings, as pure functions on arrays.

Masks of lane bytes (:mod:`lanedet.formats.bdd100k_bytes`) are compared class by class:
do the thin lines of a label and of a prediction lie within 1, 2 and 5 pixels of each
other?

Rules: https://github.com/bdd100k/bdd100k (bdd100k/eval/lane.py at 004fe15). The tests
compare with the numbers of that program. As there, a class that is in neither mask
scores 100, which lifts the averages, and nothing is thinned to one pixel, though the
benchmark's page says so. Unlike there, a missing prediction is not taken for a mask of
zeros, which would be one crosswalk: files are the business of
:func:`lanedet.evaluation.evaluate_bdd100k`.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import ByteArray, FloatArray
from lanedet.formats import LANE_ATTRIBUTES, lane_attribute, lane_foreground

BoolArray = NDArray[np.bool_]

BOUNDARY_RADII = (1, 2, 5)
"""Distances in pixels at which the boundary F-score is taken."""


def dilate(mask: BoolArray, radius: int) -> BoolArray:
    """Grow a mask by a disk: all pixels at most ``radius`` away, in Euclid's measure.

    Args:
        mask: (H, W).
        radius: Whole pixels, >= 0.

    Example:
        >>> dilate(np.array([[True, False, False]]), 1)
        array([[ True,  True, False]])
    """
    offsets = np.arange(-radius, radius + 1)
    disk = offsets[:, None] ** 2 + offsets**2 <= radius**2
    grown = cv2.dilate(mask.astype(np.uint8), disk.astype(np.uint8))
    return np.asarray(grown, dtype=np.bool_)


def boundary_f_score(pred: BoolArray, gt: BoolArray, radius: int) -> float:
    """Return the F-score of two masks of thin lines, in [0, 1].

    Precision is the share of predicted pixels with a labelled one within ``radius``,
    recall the converse. Two empty masks score 1.

    Args:
        pred: Predicted mask, (H, W).
        gt: Labelled mask, same shape.
        radius: Distance that still counts as met, in pixels.
    """
    num_pred, num_gt = int(np.count_nonzero(pred)), int(np.count_nonzero(gt))
    if num_pred == 0 or num_gt == 0:
        return 1.0 if num_pred == num_gt else 0.0
    precision = np.count_nonzero(pred & dilate(gt, radius)) / num_pred
    recall = np.count_nonzero(gt & dilate(pred, radius)) / num_gt
    if precision + recall == 0:
        return 0.0
    return 2.0 * precision * recall / (precision + recall)


def boundary_scores(pred_bytes: ByteArray, gt_bytes: ByteArray) -> FloatArray:
    """Return the boundary F-scores of one image.

    Args:
        pred_bytes: Predicted lane bytes, (H, W), see
            :mod:`lanedet.formats.bdd100k_bytes`.
        gt_bytes: Labelled lane bytes, same shape.

    Returns:
        (12, 3), in [0, 1]: the values of direction (2), style (2) and category (8) in
        the order of :data:`~lanedet.formats.LANE_ATTRIBUTES`, at each of
        :data:`BOUNDARY_RADII`.

    Raises:
        ValueError: If the shapes differ.
    """
    if pred_bytes.shape != gt_bytes.shape or gt_bytes.ndim != 2:
        raise ValueError(
            f"Both masks must have one shape (H, W), got {pred_bytes.shape} predicted "
            f"and {gt_bytes.shape} labelled."
        )
    pred_lanes, gt_lanes = lane_foreground(pred_bytes), lane_foreground(gt_bytes)
    rows = []
    for attribute, (_, _, names) in LANE_ATTRIBUTES.items():
        pred_values = lane_attribute(pred_bytes, attribute)
        gt_values = lane_attribute(gt_bytes, attribute)
        for value in range(len(names)):
            pred = pred_lanes & (pred_values == value)
            gt = gt_lanes & (gt_values == value)
            rows.append([boundary_f_score(pred, gt, r) for r in BOUNDARY_RADII])
    return np.array(rows)


class BoundaryScore(NamedTuple):
    """The benchmark's boundary F-scores, each at the radii of BOUNDARY_RADII, in %."""

    by_class: dict[str, FloatArray]
    """(3,) of each class, named like ``category: single white``."""

    by_attribute: dict[str, FloatArray]
    """(3,) of each attribute: the mean over its classes."""

    average: FloatArray
    """(3,): the mean over the attributes."""


def summarise_boundary_scores(mean_scores: FloatArray) -> BoundaryScore:
    """Average boundary F-scores over classes, then over attributes.

    Classes that are absent from label and prediction score 100, as in the benchmark.

    Args:
        mean_scores: (12, 3): :func:`boundary_scores`, averaged over images.
    """
    by_class: dict[str, FloatArray] = {}
    by_attribute: dict[str, FloatArray] = {}
    first = 0
    for attribute, (_, _, names) in LANE_ATTRIBUTES.items():
        rows = 100.0 * mean_scores[first : first + len(names)]
        first += len(names)
        by_class |= {
            f"{attribute}: {name}": row for name, row in zip(names, rows, strict=True)
        }
        by_attribute[attribute] = rows.mean(axis=0)
    average = np.mean(list(by_attribute.values()), axis=0)
    return BoundaryScore(by_class, by_attribute, average)

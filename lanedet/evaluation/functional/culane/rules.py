"""The CULane lane benchmark, as pure functions on arrays.

A predicted lane is right if it overlaps its label, both drawn 30 pixels wide at
1640x590, by more than a threshold. The benchmark's is 0.5; papers also report 0.75 and
the mean of the F1 over ten thresholds from 0.5 to 0.95 (mF1).

Two rules are in use, and their numbers are not comparable: :class:`OfficialRule` is the
benchmark's own program to the last lane, :class:`ContinuousRule` a Python program of
the same authors as LaneATT.

Rules: https://github.com/XingangPan/SCNN, tools/lane_evaluation, built with OpenCV 4.
The tests compare with counts of that program.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray
from lanedet.evaluation.functional.culane.batch import (
    LaneBatch,
    batch_lanes,
    check_amounts,
)
from lanedet.evaluation.functional.culane.continuous import (
    check_turns,
    pair_lanes,
    polygon_ious,
    without_short_lanes,
)
from lanedet.evaluation.functional.culane.matching import match_lanes
from lanedet.evaluation.functional.culane.paint import painted_ious
from lanedet.evaluation.functional.culane.spline import trace_lanes
from lanedet.evaluation.functional.image_frame import checked_image_shape
from lanedet.formats import CULANE_SHAPE
from lanedet.ops import map_points, resize_matrix

THRESHOLDS = tuple(hundredths / 100 for hundredths in range(50, 100, 5))
"""The ten thresholds of mF1."""

MAX_LANE_WIDTH = 200
"""Widest drawn lane, in pixels: twice that of images of 8K."""

MAX_SIDE = 10_000
"""Longest side of an image at which lanes are compared, in pixels."""

CATEGORIES = (
    "normal",
    "crowd",
    "hlight",
    "shadow",
    "noline",
    "arrow",
    "curve",
    "cross",
    "night",
)
"""The parts of the test set, in the order of the benchmark's ``list/test_split``."""


class CULaneCounts(NamedTuple):
    """Lanes at one threshold, of one image or summed over many."""

    tp: int
    """Predictions that match a label."""

    fp: int
    """Predictions that match none."""

    fn: int
    """Labels that no prediction matches."""

    @property
    def precision(self) -> float:
        """Share of predictions that match, in [0, 1]. 0 where there are none.

        The official program prints -1 there.
        """
        return self.tp / max(self.tp + self.fp, 1)

    @property
    def recall(self) -> float:
        """Share of labels that are matched, in [0, 1]. 0 where there are none.

        The official program prints -1 there.
        """
        return self.tp / max(self.tp + self.fn, 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, in [0, 1]. 0 without any match."""
        return 2 * self.tp / max(2 * self.tp + self.fp + self.fn, 1)


@dataclass(frozen=True)
class CULaneRule(ABC):
    """A way to decide which predictions are right.

    Attributes:
        shape: (H, W) at which lanes are compared, in pixels.
        lane_width: Width of a drawn lane in pixels at that shape, from 2 to
            MAX_LANE_WIDTH.
        image_shape: (H, W) of the images that lanes come in, from which they are
            scaled to ``shape``. None is the same.

    Raises:
        ValueError: If a value is out of range.
    """

    shape: tuple[int, int] = CULANE_SHAPE
    lane_width: int = 30
    image_shape: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        width = self.lane_width
        if not isinstance(width, int) or not 2 <= width <= MAX_LANE_WIDTH:
            raise ValueError(
                f"lane_width must be a whole number from 2 to {MAX_LANE_WIDTH}, got "
                f"{width}."
            )
        if not all(1 <= side <= MAX_SIDE for side in self.shape):
            raise ValueError(
                f"Both sides of shape must be from 1 to {MAX_SIDE}, got {self.shape}."
            )
        if self.image_shape is not None:
            checked_image_shape(self.image_shape)

    @property
    def frame(self) -> tuple[int, int]:
        """(H, W) of the images that lanes come in, in pixels."""
        return self.shape if self.image_shape is None else self.image_shape

    @property
    def is_frame_given(self) -> bool:
        """Whether the user gave it. If not, it is that of the benchmark's images."""
        return self.image_shape is not None or self.shape != CULaneRule.shape

    @abstractmethod
    def count(self, batch: LaneBatch, thresholds: FloatArray) -> NDArray[np.int64]:
        """Return the counts of each image, (I, T, 3): tp, fp and fn per threshold.

        Args:
            batch: Lanes of I images, in pixels of images of the size ``frame``.
            thresholds: Overlap that a match must exceed, (T,), each in [0, 1).

        Raises:
            ExcessError: If an image has too many lanes or points.
        """

    def _scaled(self, batch: LaneBatch) -> LaneBatch:
        """Return lanes as they are compared, if they are not too many."""
        check_amounts(batch, self.shape)
        if self.frame == self.shape:
            return batch
        to_shape = resize_matrix(self.frame, self.shape)
        return batch._replace(points=map_points(batch.points, to_shape))


@dataclass(frozen=True)
class OfficialRule(CULaneRule):
    """The benchmark's own program, bit by bit.

    Peculiarities included: a lane of fewer than two points counts as a lane that
    overlaps none, a lane that repeats a point and one outside the image do as well, and
    the pairs can fall short of the optimum.
    """

    def count(self, batch: LaneBatch, thresholds: FloatArray) -> NDArray[np.int64]:
        """Return the counts of each image (see :class:`CULaneRule`)."""
        batch = self._scaled(batch)
        pixels, starts = trace_lanes(batch.points, batch.lane_starts)

        def ious_of(image: int) -> FloatArray:
            first, middle, last = batch.list_starts[2 * image : 2 * image + 3]
            lanes = starts[first : last + 1]
            return painted_ious(
                pixels, lanes, middle - first, self.shape, self.lane_width
            )

        return _count(batch, thresholds, ious_of, match_lanes)


OFFICIAL_RULE = OfficialRule()


@dataclass(frozen=True)
class ContinuousRule(CULaneRule):
    """LaneATT's program in its continuous mode (see ``continuous``)."""

    def count(self, batch: LaneBatch, thresholds: FloatArray) -> NDArray[np.int64]:
        """Return the counts of each image (see :class:`CULaneRule`)."""
        batch = without_short_lanes(self._scaled(batch))
        check_turns(batch)

        def ious_of(image: int) -> FloatArray:
            gt_lanes, pred_lanes = batch.lanes_of(image)
            return polygon_ious(gt_lanes, pred_lanes, self.shape, self.lane_width)

        return _count(batch, thresholds, ious_of, pair_lanes)


RULES: Mapping[str, type[CULaneRule]] = {
    "official": OfficialRule,
    "continuous": ContinuousRule,
}
"""The rules by the names that tools and configs use."""


def _count(
    batch: LaneBatch,
    thresholds: FloatArray,
    ious_of: Callable[[int], FloatArray],
    pair: Callable[[FloatArray], NDArray[np.int64]],
) -> NDArray[np.int64]:
    """Return the counts of each image, (I, T, 3).

    Args:
        batch: Lanes of I images.
        thresholds: Overlaps that a match must exceed, (T,).
        ious_of: Returns the overlap of each label with each prediction of an image.
        pair: Returns the prediction of each label, -1 for none.
    """
    counts = []
    for image, (num_gt, num_pred) in enumerate(batch.num_lanes.tolist()):
        tp = np.zeros(len(thresholds), np.int64)
        if num_gt > 0 and num_pred > 0:
            ious = ious_of(image)
            pairs = pair(ious)
            matched = ious[pairs >= 0, pairs[pairs >= 0]]
            tp = (matched[:, None] > thresholds).sum(axis=0)
        counts.append(np.stack([tp, num_pred - tp, num_gt - tp], axis=-1))
    return np.array(counts, dtype=np.int64).reshape(-1, len(thresholds), 3)


def lane_ious(
    pred_lanes: Sequence[FloatArray],
    gt_lanes: Sequence[FloatArray],
    shape: tuple[int, int] = CULANE_SHAPE,
    lane_width: int = 30,
) -> FloatArray:
    """Return how far predicted lanes overlap labelled ones, as the benchmark draws.

    Args:
        pred_lanes: Predicted lanes, each (N, 2) in pixels of the original image.
        gt_lanes: Labelled lanes.
        shape: (H, W) of the image in pixels.
        lane_width: Width of a drawn lane in pixels.

    Returns:
        (G, P), in [0, 1]: 0 where a lane has fewer than two points, NaN where both
        lanes lie outside the image.

    Example:
        >>> upright = np.array([[800.0, 580.0], [800.0, 300.0]])
        >>> lane_ious([upright + 8], [upright]).round(3)
        array([[0.579]])
    """
    batch = batch_lanes([(gt_lanes, pred_lanes)])
    pixels, starts = trace_lanes(batch.points, batch.lane_starts)
    return painted_ious(pixels, starts, len(gt_lanes), shape, lane_width)


def evaluate_image(
    pred_lanes: Sequence[FloatArray],
    gt_lanes: Sequence[FloatArray],
    thresholds: Sequence[float] = (0.5,),
    rule: CULaneRule = OFFICIAL_RULE,
) -> list[CULaneCounts]:
    """Score the lanes of one image.

    Args:
        pred_lanes: Predicted lanes, each (N, 2) in pixels of the original image.
        gt_lanes: Labelled lanes.
        thresholds: Overlaps that a match must exceed, each in [0, 1).
        rule: How to decide.

    Returns:
        The counts at each threshold.

    Raises:
        ValueError: If a threshold is out of range.

    Example:
        >>> upright = np.array([[800.0, 580.0], [800.0, 300.0]])
        >>> evaluate_image([upright + 8, upright + 300], [upright], (0.5, 0.75))
        [CULaneCounts(tp=1, fp=1, fn=0), CULaneCounts(tp=0, fp=2, fn=1)]
    """
    batch = batch_lanes([(gt_lanes, pred_lanes)])
    counts = rule.count(batch, checked_thresholds(thresholds))
    return [CULaneCounts(*each) for each in counts[0].tolist()]


def checked_thresholds(thresholds: Sequence[float]) -> FloatArray:
    """Return thresholds as an array.

    Raises:
        ValueError: If there is none or one lies outside [0, 1).
    """
    array = np.array(thresholds, dtype=np.float64)
    if array.ndim != 1 or len(array) == 0 or not ((array >= 0) & (array < 1)).all():
        raise ValueError(
            f"thresholds must be one or more numbers in [0, 1), got {thresholds}."
        )
    return array

"""By which rules CULane's lanes are right, and how they are counted.

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
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray
from lanedet.evaluation.functional.culane.continuous import pair_lanes, polygon_ious
from lanedet.evaluation.functional.culane.matching import match_lanes
from lanedet.evaluation.functional.culane.paint import painted_ious
from lanedet.evaluation.functional.image_size import checked_image_shape
from lanedet.formats import CULANE_SHAPE
from lanedet.ops import map_points, resize_matrix

Lanes = Sequence[FloatArray]

THRESHOLDS = tuple(hundredths / 100 for hundredths in range(50, 100, 5))
"""The ten thresholds of mF1."""

_MAX_LANE_WIDTH = 200  # pixels, twice that of images of 8K
_MAX_SIDE = 10_000  # pixels
# What one image may have: a few bytes can ask for hours. CULane's labels have up to
# five lanes of some sixty points.
_MAX_POINTS = 20_000  # of its labels, or of its predictions
_MAX_PAIRS = 2_500  # of a label and a prediction
_MAX_PIXELS = 1 << 30  # of all masks, one for each lane


class CULaneCounts(NamedTuple):
    """Lanes at one threshold, of one image or summed over many.

    Where a rate has no lanes to be of it is 0; the official program prints -1.

    Attributes:
        tp: Predictions that match a label.
        fp: Predictions that match none.
        fn: Labels that no prediction matches.
    """

    tp: int
    fp: int
    fn: int

    @property
    def precision(self) -> float:
        """Share of predictions that match, in [0, 1]."""
        return self.tp / max(self.tp + self.fp, 1)

    @property
    def recall(self) -> float:
        """Share of labels that are matched, in [0, 1]."""
        return self.tp / max(self.tp + self.fn, 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, in [0, 1]."""
        return 2 * self.tp / max(2 * self.tp + self.fp + self.fn, 1)

    def to_json(self) -> dict[str, float]:
        """Return the counts and what follows from them, by name."""
        names = ("tp", "fp", "fn", "precision", "recall", "f1")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class CULaneRule(ABC):
    """A way to decide which predictions are right: how far lanes overlap, which pair.

    Attributes:
        shape: (H, W) at which lanes are compared, in pixels.
        lane_width: Width of a drawn lane in pixels at that shape, from 2 to 200.
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
        if not isinstance(width, int) or not 2 <= width <= _MAX_LANE_WIDTH:
            raise ValueError(
                f"lane_width must be a whole number from 2 to {_MAX_LANE_WIDTH}, got "
                f"{width}."
            )
        if not all(1 <= side <= _MAX_SIDE for side in self.shape):
            raise ValueError(
                f"Both sides of shape must be from 1 to {_MAX_SIDE}, got {self.shape}."
            )
        if self.image_shape is not None:
            checked_image_shape(self.image_shape)

    @property
    def assumed_shape(self) -> tuple[int, int]:
        """(H, W) of the images that lanes come in, in pixels."""
        return self.shape if self.image_shape is None else self.image_shape

    @property
    def is_shape_given(self) -> bool:
        """Whether the user gave it. If not, it is that of the benchmark's images."""
        return self.image_shape is not None or self.shape != CULaneRule.shape

    def count(
        self, pred_lanes: Lanes, gt_lanes: Lanes, thresholds: FloatArray
    ) -> NDArray[np.int64]:
        """Count the lanes of an image.

        Args:
            pred_lanes: Predicted lanes, each (N, 2), in pixels of images of the size
                ``assumed_shape``.
            gt_lanes: Labelled lanes.
            thresholds: Overlaps that a match must exceed, (T,), each in [0, 1).

        Returns:
            (T, 3): tp, fp and fn at each threshold.

        Raises:
            ValueError: If there are so many lanes, points or turns that scoring them
                would take minutes or gigabytes.
        """
        pred_lanes, gt_lanes = self._compared(pred_lanes), self._compared(gt_lanes)
        _check_amounts(pred_lanes, gt_lanes, self.shape)
        tp = np.zeros(len(thresholds), np.int64)
        if pred_lanes and gt_lanes:
            ious = self._matched_ious(pred_lanes, gt_lanes)
            tp = np.count_nonzero(ious[:, None] > thresholds, axis=0)
        return np.array([tp, len(pred_lanes) - tp, len(gt_lanes) - tp]).T

    def _compared(self, lanes: Lanes) -> Lanes:
        """Return the lanes that are compared, in pixels of ``shape``."""
        if self.assumed_shape == self.shape:
            return lanes
        to_shape = resize_matrix(self.assumed_shape, self.shape)
        return [map_points(lane, to_shape) for lane in lanes]

    @abstractmethod
    def _matched_ious(self, pred_lanes: Lanes, gt_lanes: Lanes) -> FloatArray:
        """Return how far the lanes of each pair overlap."""


@dataclass(frozen=True)
class OfficialRule(CULaneRule):
    """The benchmark's own program, bit by bit.

    Peculiarities included: a lane of fewer than two points counts as a lane that
    overlaps none, a lane that repeats a point and one outside the image do as well, and
    the pairs can fall short of the optimum.
    """

    def _matched_ious(self, pred_lanes: Lanes, gt_lanes: Lanes) -> FloatArray:
        ious = painted_ious(pred_lanes, gt_lanes, self.shape, self.lane_width)
        return ious[match_lanes(ious)]


OFFICIAL_RULE = OfficialRule()


@dataclass(frozen=True)
class ContinuousRule(CULaneRule):
    """LaneATT's program in its continuous mode (see ``continuous``).

    Lanes of fewer than two points are left out, predictions and labels alike.
    """

    def _compared(self, lanes: Lanes) -> Lanes:
        return [lane for lane in super()._compared(lanes) if len(lane) >= 2]

    def _matched_ious(self, pred_lanes: Lanes, gt_lanes: Lanes) -> FloatArray:
        ious = polygon_ious(pred_lanes, gt_lanes, self.shape, self.lane_width)
        return ious[pair_lanes(ious)]


RULES = {"official": OfficialRule, "continuous": ContinuousRule}
"""The rules by the names that tools and configs use."""


def _check_amounts(pred_lanes: Lanes, gt_lanes: Lanes, shape: tuple[int, int]) -> None:
    """Check that scoring an image takes seconds."""
    num_points = max(sum(map(len, lanes)) for lanes in (pred_lanes, gt_lanes))
    num_pairs = len(pred_lanes) * len(gt_lanes)
    num_lanes = len(pred_lanes) + len(gt_lanes) if num_pairs else 0
    for amount, bound, what in (
        (num_points, _MAX_POINTS, "points of labels, or of predictions"),
        (num_pairs, _MAX_PAIRS, "pairs of a label and a prediction"),
        (num_lanes * shape[0] * shape[1], _MAX_PIXELS, "lanes times pixels"),
    ):
        if amount > bound:
            raise ValueError(
                f"an image may have up to {bound:,} {what}, got {amount:,}. Leave out "
                "lanes of low scores, or points that lie close together."
            )


def evaluate_image(
    pred_lanes: Lanes,
    gt_lanes: Lanes,
    thresholds: Sequence[float] = (0.5,),
    rule: CULaneRule = OFFICIAL_RULE,
) -> list[CULaneCounts]:
    """Return the counts of one image at each threshold (see :meth:`CULaneRule.count`).

    Raises:
        ValueError: If a threshold is out of range, or there are far too many lanes.

    Example:
        >>> upright = np.array([[800.0, 580.0], [800.0, 300.0]])
        >>> evaluate_image([upright + 8, upright + 300], [upright], (0.5, 0.75))
        [CULaneCounts(tp=1, fp=1, fn=0), CULaneCounts(tp=0, fp=2, fn=1)]
    """
    counts = rule.count(pred_lanes, gt_lanes, checked_thresholds(thresholds))
    return [CULaneCounts(*each) for each in counts.tolist()]


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

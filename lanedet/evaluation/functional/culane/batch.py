"""The lanes of many images in a few arrays."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray

MAX_POINTS = 20_000
"""Most points of an image's labels, or of its predictions."""

MAX_PAIRS = 2_500
"""Most pairs of a label and a prediction of one image."""

_MAX_PIXELS = 1 << 30  # of all masks that one image needs, one for each lane


class ExcessError(ValueError):
    """An image holds so much that scoring it would take minutes or gigabytes.

    Attributes:
        image: Which of the batch.
    """

    def __init__(self, image: int, message: str) -> None:
        super().__init__(message)
        self.image = image


class LaneBatch(NamedTuple):
    """The lanes of several images, labels and predictions in turn."""

    points: FloatArray
    """The points of all lanes one after the other, (N, 2), (x, y) in pixels."""

    lane_starts: NDArray[np.int64]
    """Where each lane starts in ``points``, and N at the end, (L + 1,)."""

    list_starts: NDArray[np.int64]
    """Where each list of lanes starts, and L at the end, (2 I + 1,).

    List 2 i holds the labels of image i, list 2 i + 1 its predictions.
    """

    @property
    def num_lanes(self) -> NDArray[np.int64]:
        """Number of labels and of predictions of each image, (I, 2)."""
        return np.diff(self.list_starts).reshape(-1, 2)

    def lanes_of(self, image: int) -> tuple[list[FloatArray], list[FloatArray]]:
        """Return the labels and the predictions of an image, each (N, 2)."""
        first, middle, last = self.list_starts[2 * image : 2 * image + 3]
        starts = self.lane_starts[first : last + 1]
        lanes = [self.points[a:b] for a, b in pairwise(starts)]
        return lanes[: middle - first], lanes[middle - first :]


def batch_lanes(
    images: Iterable[tuple[Sequence[FloatArray], Sequence[FloatArray]]],
) -> LaneBatch:
    """Put lanes into a batch.

    Args:
        images: For each image its labelled lanes and its predicted lanes, polylines
            (N, 2) in pixels of the original image.

    Example:
        >>> lane = np.array([[700.0, 590.0], [720.0, 570.0]])
        >>> batch_lanes([([lane, lane], [lane])]).list_starts
        array([0, 2, 3])
    """
    lists = [lanes for image in images for lanes in image]
    lanes = [lane for lanes in lists for lane in lanes]
    points = np.concatenate([np.empty((0, 2)), *lanes]).astype(np.float64)
    sizes = [len(lane) for lane in lanes]
    return LaneBatch(points, _starts(sizes), _starts([len(each) for each in lists]))


def _starts(sizes: Sequence[int]) -> NDArray[np.int64]:
    starts = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts


def check_amounts(batch: LaneBatch, shape: tuple[int, int]) -> None:
    """Check that scoring a batch takes seconds: a few bytes can ask for hours.

    Labels have up to five lanes of some sixty points.

    Args:
        batch: The lanes.
        shape: (H, W) at which they are drawn.

    Raises:
        ExcessError: If an image has more than :data:`MAX_POINTS` points, more than
            :data:`MAX_PAIRS` pairs of lanes, or too many lanes for its size.
    """
    num_lanes = batch.num_lanes
    num_points = np.diff(batch.lane_starts[batch.list_starts]).reshape(-1, 2)
    pairs = num_lanes.prod(axis=1)
    pixels = np.where(pairs > 0, num_lanes.sum(axis=1), 0) * (shape[0] * shape[1])
    for amounts, bound, what in (
        (num_points.max(axis=1), MAX_POINTS, "points of labels, or of predictions"),
        (pairs, MAX_PAIRS, "pairs of a label and a prediction"),
        (pixels, _MAX_PIXELS, "lanes times pixels"),
    ):
        if (amounts > bound).any():
            image = int(np.argmax(amounts > bound))
            raise ExcessError(
                image,
                f"an image may have up to {bound:,} {what}, got {amounts[image]:,}. "
                "Leave out lanes of low scores, or points that lie close together.",
            )

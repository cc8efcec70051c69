"""How far lanes reach in their image: beyond it, or not as far as its border.

Lanes of the right size may leave their image:

* CULane's labels start at y = H, one below the last row, and end with the first point
  beyond the left or right border, which the spline behind them can put far out
  (https://github.com/XingangPan/SCNN/issues/92; up to 46 px in a clip of 192 lanes).
* Predictions of public programs are mostly cut off at the image, not all of them.

So no point may lie farther above or below the image than half a drawn lane reaches,
which leaves no mark there. To the sides, a lane lies outside with two points that are
farther out than a tenth of the width, or with one that is a whole width away, and a
hundredth of all lanes may do so.

Labels follow a lane down to the border of the image, also behind cars: in a clip of
CULane 189 of 192 lanes end at the bottom or at a side, in TuSimple's files 23,488 of
23,739. Lanes that were made for a smaller image end at *its* border, within the larger
one. Only the left border is the same for both and says nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray

BoolArray = NDArray[np.bool_]

MARGIN_ROWS = 1 / 40
"""How far above or below an image points may lie, as a share of its height: 15 px of
CULane's 590, half a lane's width there."""

MARGIN_ASIDE = 1 / 10
"""How far to the left or right points may lie, as a share of the width."""

_SHARE_ASIDE = 1 / 100
_BORDER = 1 / 20  # of a side: what ends nearer to it ends there
# Frames of the benchmarks have up to three lanes that end within, behind cars.
_LEAST_INSIDE = 4
_SHARE_INSIDE = 1 / 20  # of all lanes
# Ten frames of the benchmarks have lanes up to 0.9 of the width or farther.
_LEAST_LANES, _FARTHEST = 40, 3 / 4


def is_beyond_rows(ys: FloatArray, shape: tuple[int, int]) -> BoolArray:
    """Return which points lie too far above or below an image.

    Args:
        ys: y of each point, (N,).
        shape: (H, W) of the image.
    """
    margin = shape[0] * MARGIN_ROWS
    return np.asarray(~((ys >= -margin) & (ys <= shape[0] + margin)))


def are_lanes_aside(
    xs: FloatArray, lane_starts: NDArray[np.int64], shape: tuple[int, int]
) -> BoolArray:
    """Return which lanes leave an image too far to the left or right, (L,).

    Args:
        xs: x of the points of all lanes one after the other, (N,).
        lane_starts: Where each lane starts in ``xs``, and N at the end, (L + 1,).
        shape: (H, W) of the image.
    """
    width = shape[1]
    beyond = np.maximum(-xs, xs - width)
    if beyond.max(initial=0.0) <= width * MARGIN_ASIDE:
        return np.zeros(len(lane_starts) - 1, np.bool_)
    weights = (beyond > width * MARGIN_ASIDE).astype(np.int64) + (beyond > width)
    totals = np.concatenate([[0], np.cumsum(weights)])
    return np.asarray(np.diff(totals[lane_starts]) >= 2)


def are_too_many_aside(num_aside: int, num_lanes: int) -> bool:
    """Return whether so many lanes lie outside that the images must be larger."""
    return num_aside > num_lanes * _SHARE_ASIDE


@dataclass
class LaneEnds:
    """How many lanes end at each border, of images of one size or of several.

    Attributes:
        num_bottom: Number of lanes that end at the bottom.
        num_left: Number of the others that end at the left.
        num_right: Number of the others that end at the right.
        num_inside: Number of those that end at no border.
        farthest: Greatest x of a point, as a share of the width.
        lowest: Greatest y of an end, as a share of the height.
    """

    num_bottom: int = 0
    num_left: int = 0
    num_right: int = 0
    num_inside: int = 0
    farthest: float = 0.0
    lowest: float = 0.0

    def add(
        self, ends: FloatArray, farthest_x: float, shape: tuple[int, int]
    ) -> BoolArray:
        """Count lanes.

        Args:
            ends: The lower end of each, (L, 2), in pixels.
            farthest_x: Greatest x of their points, in pixels.
            shape: (H, W) of their images.

        Returns:
            Which of them end at no border, (L,).
        """
        height, width = shape
        xs, ys = ends[:, 0] / width, ends[:, 1] / height
        at_bottom = ys >= 1 - _BORDER
        at_left = ~at_bottom & (xs <= _BORDER)
        at_right = ~at_bottom & (xs >= 1 - _BORDER)
        inside = ~(at_bottom | at_left | at_right)
        self.num_bottom += int(at_bottom.sum())
        self.num_left += int(at_left.sum())
        self.num_right += int(at_right.sum())
        self.num_inside += int(inside.sum())
        self.farthest = max(self.farthest, float(farthest_x / width))
        self.lowest = max(self.lowest, float(ys.max(initial=0.0)))
        return inside

    def add_counts(self, other: "LaneEnds") -> None:
        """Add what was counted elsewhere."""
        self.num_bottom += other.num_bottom
        self.num_left += other.num_left
        self.num_right += other.num_right
        self.num_inside += other.num_inside
        self.farthest = max(self.farthest, other.farthest)
        self.lowest = max(self.lowest, other.lowest)

    @property
    def num_lanes(self) -> int:
        """Number of lanes."""
        return self.num_bottom + self.num_left + self.num_right + self.num_inside

    @property
    def are_within(self) -> bool:
        """Whether some lanes end at no border, and none at the bottom or the right."""
        return self.num_inside > 0 and self.num_bottom + self.num_right == 0

    @property
    def are_of_smaller_images(self) -> bool:
        """Whether so many lanes end within the images that they must be smaller.

        Smaller in both directions, or narrower: then lanes end at the bottom, but those
        that leave the image at its side do not leave it here.
        """
        if self.num_inside >= _LEAST_INSIDE and self.num_right == 0:
            many = self.num_inside >= _SHARE_INSIDE * self.num_lanes
            if self.num_bottom == 0 or many:
                return True
        return self.num_lanes >= _LEAST_LANES and self.farthest < _FARTHEST


def lower_ends(points: FloatArray, lane_starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where the lower end of each lane is, (L,): -1 for fewer than two points.

    Args:
        points: The points of all lanes one after the other, (N, 2).
        lane_starts: Where each lane starts in ``points``, and N at the end, (L + 1,).

    Example:
        >>> points = np.array([[5.0, 90.0], [6.0, 50.0], [7.0, 10.0], [1.0, 40.0]])
        >>> lower_ends(points, np.array([0, 2, 2, 4])).tolist()
        [0, -1, 3]
    """
    firsts, lasts = lane_starts[:-1], lane_starts[1:] - 1
    is_lane = lasts > firsts
    ends = np.full(len(firsts), -1, np.int64)
    first, last = firsts[is_lane], lasts[is_lane]
    ends[is_lane] = np.where(points[first, 1] >= points[last, 1], first, last)
    return ends

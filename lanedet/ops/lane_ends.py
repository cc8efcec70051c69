"""Where labelled lanes end, which tells whether they were made for smaller images.

Labels follow a lane down to the border of the image, also behind cars: in a clip of
CULane 189 of 192 lanes end at the bottom or at a side, in TuSimple's files 23,488 of
23,739. Lanes that were made for a smaller image end at *its* border, within the larger
one. Only the left border is the same for both and says nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray

_BORDER = 1 / 20  # of a side: what ends nearer to it ends there
# Frames of the benchmarks have up to three lanes that end within, behind cars.
_LEAST_INSIDE = 4
_SHARE_INSIDE = 1 / 20  # of all lanes
# Ten frames of the benchmarks have lanes up to 0.9 of the width or farther.
_LEAST_LANES, _FARTHEST = 40, 3 / 4


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
    ) -> NDArray[np.bool_]:
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

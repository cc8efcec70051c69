"""Whether the lanes of CULane's files lie in images of the size that is assumed."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.evaluation.functional.image_size import (
    NUM_EXAMPLES,
    LaneEnd,
    check_ends,
    outside_error,
)
from lanedet.images import ImageError, read_image
from lanedet.ops import (
    LaneEnds,
    are_lanes_aside,
    are_too_many_aside,
    is_beyond_rows,
    lower_ends,
)

_KINDS = ("labelled", "predicted")
_NUM_LOOKED_FOR = 16  # pictures
_FARTHEST = 1e6  # pixels; no image is that large


@dataclass
class OutsideTally:
    """How many lanes lie outside of their images, labels and predictions each.

    Attributes:
        num_lanes: Number of lanes.
        num_aside: Number of those that lie outside to the left or right.
        first_aside: ``file:line`` and a point of the first of these.
        ends: Where labelled lanes end.
        inside: The first of those that end at no border.
    """

    num_lanes: list[int] = field(default_factory=lambda: [0, 0])
    num_aside: list[int] = field(default_factory=lambda: [0, 0])
    first_aside: list[tuple[str, tuple[float, float]] | None] = field(
        default_factory=lambda: [None, None]
    )
    ends: LaneEnds = field(default_factory=LaneEnds)
    inside: list[LaneEnd] = field(default_factory=list)

    def add(self, other: "OutsideTally") -> None:
        """Add what was counted in other images, which follow."""
        for kind in range(2):
            self.num_lanes[kind] += other.num_lanes[kind]
            self.num_aside[kind] += other.num_aside[kind]
            self.first_aside[kind] = self.first_aside[kind] or other.first_aside[kind]
        self.ends.add_counts(other.ends)
        self.inside = (self.inside + other.inside)[:NUM_EXAMPLES]

    def check(self, shape: tuple[int, int], *, is_given: bool, is_seen: bool) -> None:
        """Stop or warn where the images seem to have another size.

        Args:
            shape: (H, W) that is assumed.
            is_given: Whether the user gave it.
            is_seen: Whether a picture has that size. Labels may end anywhere then.

        Raises:
            OutsideError: If more lanes lie outside than images of that size have.
            WithinError: If labels are those of smaller images, and the size was
                not given.
        """
        for kind, name in enumerate(_KINDS):
            first = self.first_aside[kind]
            if first and are_too_many_aside(self.num_aside[kind], self.num_lanes[kind]):
                place, point = first
                raise outside_error(
                    f"{place}: {self.num_aside[kind]} of {self.num_lanes[kind]} "
                    f"{name} lanes have points such as",
                    point,
                    shape,
                )
        if is_seen:
            return
        doubt = check_ends(self.ends, self.inside, shape, is_given=is_given)
        if doubt:
            warnings.warn(doubt, stacklevel=3)


def tally_lanes(
    images: Iterable[tuple[list[FloatArray], list[FloatArray]]],
    shape: tuple[int, int],
    place_of: Callable[[int, int], str],
) -> OutsideTally:
    """Count the lanes that lie outside of their images.

    Args:
        images: The labelled and the predicted lanes of each, as its files hold them.
        shape: (H, W) of the images.
        place_of: Takes a file (2 i holds the labels of image i, 2 i + 1 its
            predictions) and a line from 1, and returns ``file:line``.

    Raises:
        OutsideError: If a point lies above or below its image, or so far away that it
            lies in none.
    """
    # All lanes one after the other: looking at each alone takes as long as scoring it.
    files = [lanes for image in images for lanes in image]
    lanes = [lane for file in files for lane in file]
    points = np.concatenate([np.empty((0, 2)), *lanes])
    lane_starts = np.cumsum([0, *map(len, lanes)])
    file_starts = np.cumsum([0, *map(len, files)])

    def place(point: int) -> tuple[str, tuple[float, float]]:
        lane = int(np.searchsorted(lane_starts, point, side="right")) - 1
        file = int(np.searchsorted(file_starts, lane, side="right")) - 1
        x, y = points[point].tolist()
        return place_of(file, lane - int(file_starts[file]) + 1), (x, y)

    xs, ys = points.T
    is_wrong = is_beyond_rows(ys, shape) | (np.abs(xs) > _FARTHEST)
    if is_wrong.any():
        where, point = place(int(np.argmax(is_wrong)))
        raise outside_error(f"{where}: there is a point at", point, shape)
    tally = OutsideTally()
    kinds = np.repeat(np.arange(len(files)) % 2, np.diff(file_starts))
    tally.num_lanes = np.bincount(kinds, minlength=2).tolist()
    is_aside = are_lanes_aside(xs, lane_starts, shape)
    for kind in range(2):
        aside = np.flatnonzero(is_aside & (kinds == kind))
        tally.num_aside[kind] = len(aside)
        if len(aside):
            first, last = lane_starts[aside[0]], lane_starts[aside[0] + 1]
            beyond = np.maximum(-xs[first:last], xs[first:last] - shape[1])
            tally.first_aside[kind] = place(int(first + np.argmax(beyond)))
    ends = lower_ends(points, lane_starts)
    ends = ends[(kinds == 0) & (ends >= 0)]
    label_xs = xs[np.repeat(kinds == 0, np.diff(lane_starts))]
    is_inside = tally.ends.add(points[ends], float(label_xs.max(initial=0.0)), shape)
    tally.inside = [LaneEnd(*place(i)) for i in ends[is_inside][:NUM_EXAMPLES].tolist()]
    return tally


def find_picture_shape(
    root: Path, images: Sequence[str]
) -> tuple[Path, tuple[int, int]] | None:
    """Return a picture beside its label, and its (H, W).

    Args:
        root: Folder of the labels, which may hold the pictures too.
        images: Their names.

    Returns:
        The first of these that is there. None if there is none, or it cannot be read:
        pictures are not what is scored.
    """
    # Looking for all of them would take longer than scoring them.
    places = (root / name.lstrip("/") for name in images[:_NUM_LOOKED_FOR])
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        return None
    try:
        height, width = read_image(path).shape[:2]
    except (ImageError, OSError):
        return None
    return path, (height, width)

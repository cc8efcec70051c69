"""Whether the lanes of CULane's files lie in images of the size that is assumed."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from lanedet.evaluation.functional.culane_batch import LaneBatch
from lanedet.evaluation.functional.image_frame import (
    are_lanes_aside,
    are_too_many_aside,
    is_beyond_rows,
    is_low,
    outside_error,
)
from lanedet.images import ImageError, read_image

_KINDS = ("labelled", "predicted")
_NUM_LOOKED_FOR = 16  # pictures
_FARTHEST = 1e6  # pixels; no image is that large


@dataclass
class FrameTally:
    """How many lanes lie outside of their images, labels and predictions each.

    Attributes:
        num_lanes: Number of lanes.
        num_aside: Number of those that lie outside to the left or right.
        first_aside: ``file:line`` and a point of the first of these.
        lowest_y: Greatest y of a point.
    """

    num_lanes: list[int] = field(default_factory=lambda: [0, 0])
    num_aside: list[int] = field(default_factory=lambda: [0, 0])
    first_aside: list[tuple[str, tuple[float, float]] | None] = field(
        default_factory=lambda: [None, None]
    )
    lowest_y: float = -np.inf

    def add(self, other: "FrameTally") -> None:
        """Add what was counted in other images, which follow."""
        for kind in range(2):
            self.num_lanes[kind] += other.num_lanes[kind]
            self.num_aside[kind] += other.num_aside[kind]
            self.first_aside[kind] = self.first_aside[kind] or other.first_aside[kind]
        self.lowest_y = max(self.lowest_y, other.lowest_y)

    def check(self, shape: tuple[int, int]) -> None:
        """Stop or warn where the images seem to have another size.

        Args:
            shape: (H, W) that is assumed.

        Raises:
            OutsideError: If more lanes lie outside than images of that size have.
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
        if self.lowest_y > -np.inf and is_low(self.lowest_y, shape):
            print_log(
                f"No point lies below y = {self.lowest_y:.6g}, but the "
                f"images are taken to be {shape[1]} pixels wide and {shape[0]} high. "
                "If they are smaller, lanes are compared too generously: say their "
                "size with --shape HEIGHTxWIDTH.",
                logger="current",
                level=logging.WARNING,
            )


def tally_lanes(
    batch: LaneBatch, shape: tuple[int, int], place_of: Callable[[int, int], str]
) -> FrameTally:
    """Count the lanes of a batch that lie outside of their images.

    Args:
        batch: Lanes as the files hold them.
        shape: (H, W) of the images.
        place_of: Takes a list of the batch and a line from 1, and returns its
            ``file:line``.

    Raises:
        OutsideError: If a point lies above or below its image, or so far away that it
            lies in none.
    """
    points, lane_starts, list_starts = batch

    def place(point: int) -> tuple[str, tuple[float, float]]:
        lane = int(np.searchsorted(lane_starts, point, side="right")) - 1
        number = int(np.searchsorted(list_starts, lane, side="right")) - 1
        x, y = points[point].tolist()
        return place_of(number, lane - int(list_starts[number]) + 1), (x, y)

    xs, ys = points.T
    is_wrong = is_beyond_rows(ys, shape) | (np.abs(xs) > _FARTHEST)
    if is_wrong.any():
        where, point = place(int(np.argmax(is_wrong)))
        raise outside_error(f"{where}: there is a point at", point, shape)
    tally = FrameTally()
    sizes = np.diff(list_starts)
    tally.num_lanes = [int(sizes[0::2].sum()), int(sizes[1::2].sum())]
    is_aside = are_lanes_aside(xs, lane_starts, shape)
    kinds = (np.searchsorted(list_starts, np.flatnonzero(is_aside), "right") - 1) % 2
    for kind in range(2):
        lanes = np.flatnonzero(is_aside)[kinds == kind]
        tally.num_aside[kind] = len(lanes)
        if len(lanes):
            first, last = lane_starts[lanes[0]], lane_starts[lanes[0] + 1]
            beyond = np.maximum(-xs[first:last], xs[first:last] - shape[1])
            tally.first_aside[kind] = place(int(first + np.argmax(beyond)))
    tally.lowest_y = float(ys.max(initial=-np.inf))
    return tally


def check_pictures(root: Path, images: Sequence[str], shape: tuple[int, int]) -> None:
    """Compare the size that is assumed with that of a picture beside its label.

    Args:
        root: Folder of the labels, which may hold the pictures too.
        images: Their names.
        shape: (H, W) that is assumed.

    Raises:
        ValueError: If the first of these that is there has another size.
    """
    # Looking for all of them would take longer than scoring them.
    places = (root / name for name in images[:_NUM_LOOKED_FOR])
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        return
    try:
        height, width = read_image(path).shape[:2]
    except (ImageError, OSError):
        return  # pictures are not what is scored
    if (height, width) != tuple(shape):
        raise ValueError(
            f"The images are taken to be {shape[1]} pixels wide and {shape[0]} high, "
            f"but '{path}' is {width} wide and {height} high. Say the size that lanes "
            f"are in with --shape {height}x{width}."
        )

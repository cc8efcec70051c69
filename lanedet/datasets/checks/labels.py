"""Whether labels were made for the pictures that lie beside them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.datasets.checks.report import DatasetReport
from lanedet.images import ImageError, read_stored_image
from lanedet.ops import (
    LaneEnds,
    are_lanes_aside,
    are_too_many_aside,
    is_beyond_rows,
    lower_ends,
)
from lanedet.structures import LaneSample

_REMEDY = (
    "Labels are in pixels of the picture beside them: take the pictures at the size at "
    "which they were labelled, or say that size with --label-shape (lanedet browse "
    "draws both)."
)


class LabelFit:
    """How the labels of pictures lie in these."""

    def __init__(self) -> None:
        self._num_pictures = 0
        self._ends = LaneEnds()
        self._beyond: list[str] = []
        self._aside: list[str] = []
        self._num_aside = 0
        self._misfits: list[str] = []

    def add(self, sample: LaneSample, shape: tuple[int, int]) -> None:
        """Compare a label with its picture.

        Args:
            sample: With ``img_path``, and ``gt_lanes`` in pixels or ``gt_mask_path``.
            shape: (H, W) of the picture.
        """
        self._num_pictures += 1
        if "gt_mask_path" in sample:
            mask_shape = tuple(sample.get("label_shape", shape))
            self._add_mask(Path(sample.gt_mask_path), sample.img_path, mask_shape)
        lanes = [lane for lane in sample.get("gt_lanes", []) if len(lane)]
        if lanes:
            self._add_lanes(lanes, sample.img_path, shape)

    def _add_mask(self, path: Path, picture: str, shape: tuple[int, int]) -> None:
        try:
            height, width = read_stored_image(path).shape[:2]
        except (ImageError, OSError):
            return  # reported when it is trained on
        if (height, width) != shape:
            self._misfits.append(
                f"{path} ({width}x{height}) of {picture} ({shape[1]}x{shape[0]})"
            )

    def _add_lanes(
        self, lanes: Sequence[FloatArray], picture: str, shape: tuple[int, int]
    ) -> None:
        points = np.concatenate(lanes)
        starts = np.cumsum([0, *map(len, lanes)])
        xs, ys = points.T
        where = f"{picture} ({shape[1]}x{shape[0]}), a point at "
        is_beyond = is_beyond_rows(ys, shape)
        if is_beyond.any():
            x, y = points[np.argmax(is_beyond)]
            self._beyond.append(f"{where}({x:.6g}, {y:.6g})")
        is_aside = are_lanes_aside(xs, starts, shape)
        if is_aside.any():
            self._num_aside += int(is_aside.sum())
            x, y = points[np.argmax(np.maximum(-xs, xs - shape[1]))]
            self._aside.append(f"{where}({x:.6g}, {y:.6g})")
        ends = lower_ends(points, starts)
        self._ends.add(points[ends[ends >= 0]], float(xs.max()), shape)

    def report_to(self, report: DatasetReport) -> None:
        """Note labels that do not fit their pictures."""
        if self._misfits:
            report.add_problem(
                f"{len(self._misfits)} of {self._num_pictures} masks looked at have "
                "another size than their pictures",
                _REMEDY,
                self._misfits,
            )
        outside = list(self._beyond)
        if are_too_many_aside(self._num_aside, self._ends.num_lanes):
            outside += self._aside
        if outside:
            report.add_problem(
                f"{len(outside)} of {self._num_pictures} labels looked at lie outside "
                "of their pictures",
                _REMEDY,
                outside,
            )
        elif self._ends.are_of_smaller_images:
            report.notes.append(
                f"of {self._ends.num_lanes} lanes looked at, none or hardly any ends "
                "at the bottom or the right of its picture: were the labels made for "
                "smaller ones? lanedet browse draws both"
            )

"""The lines of TuSimple's files, before they are scored: do they fit one another?

And do their lanes lie in images of the size that the rules assume?
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.evaluation.functional.image_frame import (
    are_lanes_aside,
    are_too_many_aside,
    outside_error,
)

IMAGE_SHAPE = (720, 1280)
"""(H, W) of the benchmark's images."""


class ImageLanes(Protocol):
    """The lanes of one image, as a line of a label or prediction file has them."""

    @property
    def raw_file(self) -> str:
        """The benchmark's name of the image."""

    @property
    def xs(self) -> FloatArray:
        """(K, R): x of each lane on each row, NaN where absent."""

    @property
    def rows(self) -> FloatArray | None:
        """(R,): y of each row. Predictions need not name them."""

    @property
    def run_time_ms(self) -> float | None:
        """Time that the prediction took. Ignored in labels."""


def check_frame(
    predictions: Sequence[ImageLanes],
    labels: Sequence[ImageLanes],
    shape: tuple[int, int] = IMAGE_SHAPE,
) -> None:
    """Check that lanes lie in images of one size.

    None of the benchmark's labels leaves its image. Predictions may, as
    :mod:`~lanedet.evaluation.functional.image_frame` says.

    Args:
        predictions: Lines of a prediction file.
        labels: Lines of a label file.
        shape: (H, W) of the images.

    Raises:
        OutsideError: If they do not.
    """
    for label in labels:
        _check_label(label, shape)
    num_aside = num_lanes = 0
    first = None
    for pred in predictions:
        lane_starts = np.arange(len(pred.xs) + 1) * pred.xs.shape[1]
        xs = np.where(np.isnan(pred.xs), 0.0, pred.xs)
        is_aside = are_lanes_aside(xs.ravel(), lane_starts, shape)
        num_lanes += len(is_aside)
        num_aside += int(is_aside.sum())
        if is_aside.any() and first is None:
            first = pred.raw_file, float(xs[is_aside][0].max())
    if first and are_too_many_aside(num_aside, num_lanes):
        name, x = first
        raise outside_error(
            f"{num_aside} of {num_lanes} predicted lanes, the first one of {name!r}, "
            "have points such as",
            (x, 0),
            shape,
        )


def lowest_row(labels: Sequence[ImageLanes]) -> float:
    """Return the greatest y of the rows of labels."""
    return max(
        (float(label.rows.max()) for label in labels if label.rows is not None),
        default=0.0,
    )


def _check_label(label: ImageLanes, shape: tuple[int, int]) -> None:
    if label.rows is None:
        return  # the rules say so
    height, width = shape
    xs = label.xs[:, : len(label.rows)]
    is_outside = (xs > width) | ((label.rows < 0) | (label.rows > height))
    is_outside &= ~np.isnan(xs)
    if is_outside.any():
        lane, row = np.argwhere(is_outside)[0]
        raise outside_error(
            f"The label of {label.raw_file!r} has a point at",
            (float(xs[lane, row]), float(label.rows[row])),
            shape,
            "Labels end where the image does.",
        )


def paired_lines(
    predictions: Sequence[ImageLanes], labels: Sequence[ImageLanes]
) -> list[tuple[ImageLanes, ImageLanes]]:
    """Return each prediction with the label of its image, in the predictions' order.

    Raises:
        ValueError: If they do not name the same images once each.
    """
    gt_of_image = _by_image(labels, "labels")
    pred_of_image = _by_image(predictions, "predictions")
    unknown = [name for name in pred_of_image if name not in gt_of_image]
    if unknown:
        raise ValueError(
            f"Every predicted image must be labelled, {unknown[0]!r} is not "
            f"({len(unknown)} such images). Were both files made for the same images?"
        )
    if len(pred_of_image) != len(gt_of_image):
        lacking = next(name for name in gt_of_image if name not in pred_of_image)
        raise ValueError(
            f"Every labelled image needs a prediction, got {len(pred_of_image)} for "
            f"{len(gt_of_image)} images: {lacking!r} has none. Write a line without "
            "lanes where nothing was found."
        )
    return [(pred, gt_of_image[name]) for name, pred in pred_of_image.items()]


def checked_pair(pred: ImageLanes, gt: ImageLanes) -> tuple[FloatArray, float]:
    """Return the rows and the running time of a prediction and its label.

    Raises:
        ValueError: If one of these is missing, or the rows are not the same.
    """
    if gt.rows is None:
        raise ValueError(f"The label of {gt.raw_file!r} must name its rows.")
    if pred.run_time_ms is None:
        raise ValueError(
            f"The prediction of {pred.raw_file!r} must have a run_time (milliseconds)."
        )
    num_rows = len(gt.rows)
    if len(pred.xs) and pred.xs.shape[1] != num_rows:
        raise ValueError(
            f"The predicted lanes of {pred.raw_file!r} must have one x for each of the "
            f"label's {num_rows} rows, got {pred.xs.shape[1]}."
        )
    if pred.rows is not None and not np.array_equal(pred.rows, gt.rows):
        raise ValueError(
            f"The prediction of {pred.raw_file!r} must have the h_samples of its label "
            f"in the label's order, {_ends(gt.rows)}, got {_ends(pred.rows)}. The "
            "benchmark takes them for the same and would compare x of different rows."
        )
    return gt.rows, pred.run_time_ms


def warn_of_slow(predictions: Sequence[ImageLanes], limit_ms: float) -> None:
    """Warn if predictions took longer than the rules allow."""
    times = [pred.run_time_ms or 0.0 for pred in predictions]
    num_slow = sum(time > limit_ms for time in times)
    if num_slow:
        warnings.warn(
            f"{num_slow} of {len(times)} predictions have a run_time above "
            f"{limit_ms:g} ms, up to {max(times):g}: the benchmark counts them as if "
            "nothing was found. It is in milliseconds.",
            stacklevel=3,
        )


def _ends(rows: FloatArray) -> str:
    first, last = rows[0], rows[-1]
    return f"{len(rows)} rows from {first:g} to {last:g}"


def _by_image(entries: Sequence[ImageLanes], name: str) -> Mapping[str, ImageLanes]:
    of_image: dict[str, ImageLanes] = {}
    for entry in entries:
        if entry.raw_file in of_image:
            raise ValueError(f"The {name} name {entry.raw_file!r} twice.")
        of_image[entry.raw_file] = entry
    return of_image

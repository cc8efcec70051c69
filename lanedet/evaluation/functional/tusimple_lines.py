"""The lines of TuSimple's files, before they are scored: do they fit one another?

And do their lanes lie in images of the size that the rules assume?
"""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.evaluation.functional.image_size import (
    NUM_EXAMPLES,
    LaneEnd,
    WithinError,
    check_ends,
    outside_error,
    size_doubt,
    size_request,
)
from lanedet.formats import TUSIMPLE_SHAPE, TuSimpleLine
from lanedet.ops import (
    LaneEnds,
    are_lanes_aside,
    are_too_many_aside,
    lower_ends,
)

_BOTTOM = 1 / 20  # of the height: the benchmark's rows end 10 px above the bottom


def check_image_size(
    predictions: Sequence[TuSimpleLine],
    labels: Sequence[TuSimpleLine],
    shape: tuple[int, int] = TUSIMPLE_SHAPE,
) -> None:
    """Check that lanes lie in images of one size.

    None of the benchmark's labels leaves its image. Predictions may, as
    :mod:`~lanedet.evaluation.functional.image_size` says.

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


def check_not_smaller(
    labels: Sequence[TuSimpleLine],
    shape: tuple[int, int] = TUSIMPLE_SHAPE,
    *,
    is_given: bool = False,
    picture_shape: tuple[int, int] | None = None,
) -> None:
    """Check that labels are not those of smaller images.

    In the benchmark's files the rows go down to the bottom of the image, in all lines.

    Args:
        labels: Lines of a label file.
        shape: (H, W) of the images that is assumed.
        is_given: Whether the user gave it.
        picture_shape: (H, W) of a picture beside the labels. One of ``shape`` is as
            good as a word; another proves nothing, for pictures are resized and labels
            seldom.

    Raises:
        WithinError: If they are, as their rows or
            :class:`~lanedet.ops.LaneEnds` say, and the size was not given.

    Warns:
        UserWarning: If the size that was given is doubtful, or there are too few lanes
            to be sure.
    """
    if picture_shape == shape:
        return
    lanes, names, lowest = [np.zeros((0, 2))], [""], -np.inf
    for label in labels:
        if label.rows is None or not len(label.rows):
            continue
        lowest = max(lowest, float(label.rows.max()))
        for xs in label.xs[:, : len(label.rows)]:
            lane = np.stack([xs, label.rows], axis=1)
            lanes.append(lane[~np.isnan(xs)])
            names.append(label.raw_file)
    points = np.concatenate(lanes)
    numbers = lower_ends(points, np.cumsum([0, *map(len, lanes)]))
    is_lane = numbers >= 0
    ends, ends_at = LaneEnds(), points[numbers[is_lane]]
    is_inside = ends.add(ends_at, float(points[:, 0].max(initial=0.0)), shape)
    if -np.inf < lowest < shape[0] * (1 - _BOTTOM):
        text = (
            f"No row of the labels lies below y = {lowest:g}, but the images are taken "
            f"to be {shape[1]} pixels wide and {shape[0]} high. "
        )
        if not is_given:
            raise WithinError(text + size_request(ends, shape, picture_shape))
        warnings.warn(text + size_doubt(shape), stacklevel=2)
        return
    first = np.flatnonzero(is_lane)[is_inside][:NUM_EXAMPLES].tolist()
    examples = [
        LaneEnd(repr(names[i]), tuple(points[numbers[i]].tolist())) for i in first
    ]
    doubt = check_ends(
        ends, examples, shape, is_given=is_given, picture_shape=picture_shape
    )
    if doubt:
        warnings.warn(doubt, stacklevel=2)


def _check_label(label: TuSimpleLine, shape: tuple[int, int]) -> None:
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
    predictions: Sequence[TuSimpleLine], labels: Sequence[TuSimpleLine]
) -> list[tuple[TuSimpleLine, TuSimpleLine]]:
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


def checked_pair(pred: TuSimpleLine, gt: TuSimpleLine) -> tuple[FloatArray, float]:
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


def warn_of_slow(predictions: Sequence[TuSimpleLine], limit_ms: float) -> None:
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


def _by_image(entries: Sequence[TuSimpleLine], name: str) -> Mapping[str, TuSimpleLine]:
    of_image: dict[str, TuSimpleLine] = {}
    for entry in entries:
        if entry.raw_file in of_image:
            raise ValueError(f"The {name} name {entry.raw_file!r} twice.")
        of_image[entry.raw_file] = entry
    return of_image

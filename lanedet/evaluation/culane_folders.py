"""Scoring folders of lane files by the rules of the CULane benchmark."""

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lanedet.evaluation.culane_image_size import (
    OutsideTally,
    find_picture_shape,
    tally_lanes,
)
from lanedet.evaluation.functional.culane import (
    OFFICIAL_RULE,
    THRESHOLDS,
    CULaneCounts,
    CULaneRule,
    checked_thresholds,
)
from lanedet.formats import culane_lines_name
from lanedet.formats.culane_lists import CULANE_CROSS
from lanedet.formats.culane_official import parse_official_lanes
from lanedet.runtime import num_usable_cores, progress_bar

_CHUNK = 32  # images that a thread scores at a time, whose lanes are tallied at once
_MAX_FILE = 1 << 20  # bytes; one image may have 20,000 points
_CATEGORY_THRESHOLD = 0.5


@dataclass
class CULaneReport:
    """What scoring a set of images gives.

    Attributes:
        thresholds: The overlaps that a match had to exceed.
        counts: The counts over all images, one per threshold.
        categories: The counts at 0.5 of each category.
        num_images: Number of images.
        num_missing: Number of images without a prediction file. Like the official
            program, they count as images without predictions.
        odd_predictions: ``file:line`` of the first line, in each such prediction file,
            that holds something else than pairs of numbers.
    """

    thresholds: tuple[float, ...]
    counts: list[CULaneCounts]
    categories: dict[str, CULaneCounts]
    num_images: int = 0
    num_missing: int = 0
    odd_predictions: list[str] = field(default_factory=list)

    @property
    def mean_f1(self) -> float:
        """Mean of the F1 over the thresholds: mF1 if these are ``THRESHOLDS``."""
        return sum(counts.f1 for counts in self.counts) / len(self.counts)

    def to_json(self) -> dict[str, Any]:
        """Return ``iou["0.50"]`` and so on with tp to f1, ``categories`` and more."""
        return {
            "iou": {
                f"{threshold:.2f}": counts.to_json()
                for threshold, counts in zip(self.thresholds, self.counts, strict=True)
            },
            "mf1": self.mean_f1,
            "categories": {
                name: {"fp": counts.fp} if name == CULANE_CROSS else counts.to_json()
                for name, counts in self.categories.items()
            },
            "images": self.num_images,
            "missing_predictions": self.num_missing,
        }

    def metrics(self) -> dict[str, float]:
        """Return the numbers by the names that ``CULaneMetric`` gives them.

        Those without a threshold in their name are at 0.5, the others at 0.75 and over
        all thresholds: both must be among ``thresholds``.
        """
        numbers = self.to_json()
        metrics = {
            **numbers["iou"]["0.50"],
            "f1_75": numbers["iou"]["0.75"]["f1"],
            "mf1": numbers["mf1"],
        }
        for category, values in numbers["categories"].items():
            metrics |= {f"{name}_{category}": value for name, value in values.items()}
        return metrics


def evaluate_culane(
    pred_root: Path | str,
    anno_root: Path | str,
    images: Sequence[str],
    *,
    categories: Mapping[str, str] | None = None,
    thresholds: Sequence[float] = THRESHOLDS,
    rule: CULaneRule = OFFICIAL_RULE,
    num_workers: int | None = None,
    show_progress: bool = True,
) -> CULaneReport:
    """Score the prediction files of a folder against label files.

    The files of ``driver/clip/00000.jpg`` are ``driver/clip/00000.lines.txt`` under
    both folders. They are read as the official program reads them (see
    ``lanedet.formats.culane_official``), but a label file that is missing or holds
    something else than pairs of numbers is an error here: it would cost recall
    silently.

    Args:
        pred_root: Folder of the predictions. A missing file means no lanes.
        anno_root: Folder of the labels.
        images: Names of the images relative to the folders, as in the benchmark's
            lists (``lanedet.formats.read_culane_list``). One named twice counts twice.
        categories: Category of each image, where known (``read_culane_categories``).
        thresholds: Overlaps that a match must exceed, each in [0, 1).
        rule: How to decide, and how large the images are (``image_shape``).
        num_workers: Number of threads. None takes one per processor core.
        show_progress: Whether to show a progress bar.

    Raises:
        FileNotFoundError: If a folder or a label file is missing, or all predictions
            are.
        ValueError: If there is no image, a threshold is out of range, a label file is
            broken, lanes lie outside of images of their size or are those of smaller
            ones (``image_size`` says which), a picture beside the labels
            has another size than the rule assumes, or an image has too many lanes.

    Warns:
        UserWarning: If predictions are missing or odd, or the size is doubtful.
    """
    pred_root, anno_root = Path(pred_root), Path(anno_root)
    for root in (pred_root, anno_root):
        if not root.is_dir():
            raise FileNotFoundError(f"There is no folder '{root}'.")
    if not images:
        raise ValueError("At least one image must be scored, the list names none.")
    is_seen = _is_frame_seen(rule, anno_root, images)
    limits = checked_thresholds([*thresholds, _CATEGORY_THRESHOLD])
    totals = np.zeros((len(limits), 3), np.int64)
    of_category: dict[str, NDArray[np.int64]] = {}
    report = CULaneReport(tuple(thresholds), [], {}, num_images=len(images))
    scorer = _Scorer(pred_root, anno_root, rule, limits)
    tally = OutsideTally()
    with progress_bar(
        total=len(images), desc="score", unit="img", disable=not show_progress
    ) as bar:
        for names, result in scorer.run(images, num_workers or num_usable_cores()):
            totals += sum(result.counts)
            report.num_missing += result.num_missing
            report.odd_predictions += result.odd_predictions
            tally.add(result.tally)
            for name, counts in zip(names, result.counts, strict=True):
                if categories and name in categories:
                    category = categories[name]
                    of_category[category] = of_category.get(category, 0) + counts[-1]
            bar.update(len(names))
    report.counts = [CULaneCounts(*each) for each in totals[:-1].tolist()]
    report.categories = {
        name: CULaneCounts(*counts.tolist()) for name, counts in of_category.items()
    }
    _check(report, pred_root)
    tally.check(rule.assumed_shape, is_given=rule.is_shape_given, is_seen=is_seen)
    return report


@dataclass
class _Result:
    counts: list[NDArray[np.int64]] = field(default_factory=list)  # (T, 3) each
    num_missing: int = 0
    odd_predictions: list[str] = field(default_factory=list)
    tally: OutsideTally = field(default_factory=OutsideTally)


@dataclass
class _Scorer:
    pred_root: Path
    anno_root: Path
    rule: CULaneRule
    thresholds: NDArray[np.float64]

    def run(
        self, images: Sequence[str], num_workers: int
    ) -> Iterator[tuple[Sequence[str], _Result]]:
        """Score chunks of images on several threads, in order.

        Only some chunks are under way at a time, so that memory does not grow with
        the number of images.
        """
        chunks = (
            images[start : start + _CHUNK] for start in range(0, len(images), _CHUNK)
        )
        with ThreadPoolExecutor(num_workers) as pool:
            pending: list[tuple[Sequence[str], Future[_Result]]] = []
            try:
                for chunk in chunks:
                    pending.append((chunk, pool.submit(self.score, chunk)))
                    if len(pending) > 2 * num_workers:
                        names, future = pending.pop(0)
                        yield names, future.result()
                for names, future in pending:
                    yield names, future.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def score(self, images: Sequence[str]) -> _Result:
        """Score some images."""
        result = _Result()
        pairs = []
        for image in images:
            name = culane_lines_name(image)
            label = _read(f"{self.anno_root}/{name}")
            if label is None:
                raise FileNotFoundError(
                    f"There is no label file '{self.anno_root / name}'. An image "
                    "without lanes must have an empty one: is the download complete, "
                    "and is this the folder that holds the driver_* folders?"
                )
            prediction = _read(f"{self.pred_root}/{name}")
            result.num_missing += prediction is None
            gt_lanes, odd_line = parse_official_lanes(label)
            if odd_line:
                raise ValueError(
                    f"{self.anno_root / name}:{odd_line}: a label must be pairs of "
                    "numbers, x y x y."
                )
            pred_lanes, odd_line = parse_official_lanes(prediction or b"")
            if odd_line:
                result.odd_predictions.append(f"{self.pred_root / name}:{odd_line}")
            pairs.append((gt_lanes, pred_lanes))
        result.tally = tally_lanes(
            pairs, self.rule.assumed_shape, partial(self._place, images)
        )
        for image, (gt_lanes, pred_lanes) in zip(images, pairs, strict=True):
            try:
                counts = self.rule.count(pred_lanes, gt_lanes, self.thresholds)
            except ValueError as error:
                path = self.pred_root / culane_lines_name(image)
                raise ValueError(f"'{path}' and its label: {error}") from error
            result.counts.append(counts)
        return result

    def _place(self, images: Sequence[str], file: int, line: int) -> str:
        """Return ``file:line``: label and prediction of each image in turn."""
        root = (self.anno_root, self.pred_root)[file % 2]
        return f"{root / culane_lines_name(images[file // 2])}:{line}"


def _is_frame_seen(rule: CULaneRule, anno_root: Path, images: Sequence[str]) -> bool:
    """Return whether a picture beside the labels has the size that is assumed.

    Raises:
        ValueError: If it has another one, and the size was not given.
    """
    found = find_picture_shape(anno_root, images)
    if found is None or found[1] == tuple(rule.assumed_shape):
        return found is not None
    path, (height, width) = found
    assumed_height, assumed_width = rule.assumed_shape
    taken = f"{assumed_width} pixels wide and {assumed_height} high"
    if not rule.is_shape_given:
        raise ValueError(
            f"The images are taken to be {taken}, but '{path}' is {width} wide and "
            f"{height} high. Say the size that lanes are in with --shape "
            f"{height}x{width}, or with --shape {assumed_height}x{assumed_width} if "
            "the pictures were resized."
        )
    warnings.warn(
        f"Lanes are taken to be in images {taken}, as was said, though '{path}' is "
        f"{width} wide and {height} high.",
        stacklevel=3,
    )
    return False


def _read(path: str) -> bytes | None:
    """Return what a file holds, None if there is none. ``open()`` takes far longer."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        parts, size = [], 0
        while part := os.read(file, 1 << 20):
            parts.append(part)
            size += len(part)
            if size > _MAX_FILE:
                raise ValueError(f"'{path}': lane files have up to {_MAX_FILE} bytes.")
        return b"".join(parts)
    except OSError as error:  # which does not know the name
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        os.close(file)


def _check(report: CULaneReport, pred_root: Path) -> None:
    """Stop or warn where predictions are missing or odd."""
    if report.num_missing == report.num_images:
        raise FileNotFoundError(
            f"None of the {report.num_images} images has a prediction file under "
            f"'{pred_root}'. Give the folder that holds the driver_* folders."
        )
    if report.num_missing:
        warnings.warn(
            f"{report.num_missing} of {report.num_images} images have no prediction "
            "file. They count as images without predictions, as in the benchmark.",
            stacklevel=3,
        )
    if report.odd_predictions:
        warnings.warn(
            f"{len(report.odd_predictions)} prediction files hold something else than "
            "pairs of numbers. The rest of such a line is ignored, as in the "
            f"benchmark. The first: {report.odd_predictions[0]}",
            stacklevel=3,
        )

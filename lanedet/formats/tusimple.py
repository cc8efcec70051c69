"""TuSimple's label and prediction files: JSON lines to lanes, and back.

A line holds ``lanes`` (for each lane its x on every row), ``h_samples`` (the rows) and
``raw_file``; a prediction adds ``run_time`` in milliseconds. A negative x, -2 in all
published files, says that the lane does not cross the row. Lanes leave this module as
polylines or with NaN.

The size of an image is in no label file. That a label fits its image is checked where
both are at hand: by :class:`~lanedet.datasets.ApplyView`.

Format: https://github.com/TuSimple/tusimple-benchmark (doc/lane_detection)
"""

import codecs
import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.files import replace_file
from lanedet.formats.label_faults import LabelError, LabelFaults, short
from lanedet.formats.label_scale import LabelScale
from lanedet.formats.picture_files import FileFinder, can_be_file_name
from lanedet.ops import xs_at_rows
from lanedet.structures import LaneSample

TUSIMPLE_SHAPE = (720, 1280)
"""(H, W) of TuSimple's images."""

_ABSENT = -2
_ROWS = np.arange(160.0, 711.0, 10.0)  # of the benchmark's labels
# The archive of the training set and that of the test set unpack into one folder in
# the original layout, and into a folder each in the layout of Kaggle's copy.
_FOLDERS = ("", "train_set", "test_set")
_FARTHEST = 100_000.0  # pixels; no camera's image is as large


class TuSimpleLine(NamedTuple):
    """One checked line of a label or prediction file."""

    raw_file: str
    """The benchmark's name of the image."""

    xs: FloatArray
    """(K, R): x of each lane on each row, in original pixels, NaN where absent."""

    rows: FloatArray | None
    """(R,): y of each row. None where the line does not name them."""

    run_time_ms: float | None
    """Time that a prediction took. None in labels."""


def read_tusimple_lines(
    file: Path, faults: LabelFaults | None = None
) -> list[TuSimpleLine]:
    """Read a label or prediction file as it is: lanes as x on rows.

    Blank lines and a byte-order mark are skipped. Names with Windows' backslashes are
    read as if they had slashes.

    Args:
        file: The file.
        faults: What to do about broken lines. None stops at the first.

    Returns:
        One entry per line, in the file's order.

    Raises:
        FileNotFoundError: If there is no such file.
        LabelError: If a line is broken and ``faults`` does not allow it, or the file
            holds none.
    """
    return _read_lines(file, _parse_line, faults)


def read_tusimple_labels(
    label_file: Path,
    data_root: Path,
    faults: LabelFaults | None = None,
    label_shape: tuple[int, int] | None = None,
) -> list[LaneSample]:
    """Read a label file.

    Args:
        label_file: The label file.
        data_root: Folder under which the images lie, in the original layout or in
            that of Kaggle's copy (``train_set`` and ``test_set``).
        faults: What to do about broken lines. None stops at the first.
        label_shape: (H, W) of the images for which the labels were made, where those
            that are there are resized copies. Labels are scaled to them, and the
            benchmark scores in pixels of that size. None: they were not resized.

    Returns:
        One sample per line, in the file's order, with ``gt_lanes`` and the meta
        information ``raw_file``, ``img_path`` and ``rows``, and with ``label_shape``
        that and ``ori_shape``. ``rows`` stay those of the label. A lane without any
        point stays as a polyline of shape (0, 2): the benchmark counts it.

    Raises:
        FileNotFoundError: If there is no such label file. Images may be missing.
        LabelError: If a line is broken and ``faults`` does not allow it, or the file
            holds none; with ``label_shape`` also if a label does not fit it, an image
            is missing, or images differ in size.
    """
    samples = []
    finder = FileFinder()
    scale = None if label_shape is None else LabelScale(label_shape)
    faults = LabelFaults() if faults is None else faults
    for number, line in _read_numbered_lines(label_file, _parse_label, faults):
        sample = LaneSample(
            metainfo={
                "raw_file": line.raw_file,
                "img_path": str(_find_image(data_root, line.raw_file, finder)),
                "rows": line.rows,
            }
        )
        points = [np.stack([xs, sample.rows], axis=1) for xs in line.xs]
        sample.gt_lanes = [lane[~np.isnan(lane[:, 0])] for lane in points]
        with faults.allow():
            if scale is not None:
                scale.apply(sample, f"{label_file}:{number}")
            samples.append(sample)
    return samples


def find_tusimple_labels(data_root: Path, name: str) -> Path:
    """Return where a label file lies, or where it should lie.

    Args:
        data_root: Folder of the tree, in the original layout or in that of Kaggle's
            copy, which keeps the label files of the training set in ``train_set``.
        name: The file's name, such as ``label_data_0313.json``.
    """
    return _find_file(data_root, name, FileFinder())


def write_tusimple_labels(path: Path, samples: Iterable[LaneSample]) -> None:
    """Write a label file.

    Args:
        path: The file to write; its folder is made.
        samples: Samples with ``gt_lanes`` and the meta information ``raw_file`` and
            ``rows``. What lies between the rows is lost.

    Raises:
        ValueError: If a sample lacks one of these, the file cannot hold the name of an
            image, a row is no whole number or a coordinate not finite.
    """
    lines = []
    for number, sample in enumerate(samples):
        for name in ("gt_lanes", "raw_file", "rows"):
            if name not in sample:
                raise ValueError(f"samples[{number}] must have {name} to be written.")
        if _parse_name(sample.raw_file) != sample.raw_file:
            raise ValueError(
                "The name of an image must come back from the file as it is, without "
                f"backslashes, got {short(sample.raw_file)}. Rename the image."
            )
        xs = sample_tusimple_lanes(sample.gt_lanes, sample.rows)
        line = TuSimpleLine(sample.raw_file, xs, sample.rows, None)
        lines.append(format_tusimple_line(line))
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, "".join(f"{line}\n" for line in lines))


def tusimple_rows(height: int) -> FloatArray:
    """Return the rows of lanes in an image, 160, 170, ... 710 of the benchmark's 720.

    Labels of generated scenes and predictions of videos have them. At another height
    they are as many, at the same shares of it, rounded to whole rows; fewer in images
    of less than 72 rows, where some are the same.

    Args:
        height: Height of the image, in pixels.

    Returns:
        y of each row, (R,), whole numbers, rising.

    Example:
        >>> tusimple_rows(360)[[0, 1, -1]]
        array([ 80.,  85., 355.])
    """
    return np.unique(np.rint(_ROWS * height / TUSIMPLE_SHAPE[0]))


def sample_tusimple_lanes(
    lanes: Sequence[FloatArray], rows: FloatArray, width: int | None = None
) -> FloatArray:
    """Return lanes as a file holds them: x on rows, rounded to whole pixels.

    Args:
        lanes: Polylines, each (N, 2) in pixels of the original image.
        rows: y of each row, (R,).
        width: Width of the image. None is for labels, of which none leaves its image.

    Returns:
        (K, R), NaN where a lane does not cross the row, or not inside the image.

    Raises:
        ValueError: If a coordinate is not finite.

    Example:
        >>> lane = np.array([[10.0, 100.0], [30.0, 120.0]])
        >>> sample_tusimple_lanes([lane], np.array([90.0, 110.0]))
        array([[nan, 20.]])
    """
    for lane in lanes:
        if not np.isfinite(lane).all():
            raise ValueError(
                f"A lane's coordinates must be finite, got {lane.tolist()}."
            )
    sampled = [np.rint(xs_at_rows(lane, rows)) for lane in lanes]
    xs = np.array(sampled, dtype=np.float64).reshape(len(lanes), len(rows))
    is_inside = (xs >= 0) & (xs < (np.inf if width is None else width))
    return np.where(is_inside, xs, np.nan)


def tusimple_prediction(
    raw_file: str,
    lanes: Sequence[FloatArray],
    rows: FloatArray,
    width: int,
    run_time_ms: float,
) -> TuSimpleLine:
    """Return predicted lanes as a line of a prediction file.

    A lane that crosses none of the rows is left out: the benchmark scores such a lane
    as correct wherever the label has none either.

    Args:
        raw_file: The benchmark's name of the image.
        lanes: Polylines, each (N, 2) in pixels of the original image.
        rows: y of each row, (R,).
        width: Width of the image.
        run_time_ms: Time that the prediction took.

    Raises:
        ValueError: If a coordinate is not finite.
    """
    xs = sample_tusimple_lanes(lanes, rows, width)
    return TuSimpleLine(raw_file, xs[~np.isnan(xs).all(axis=1)], rows, run_time_ms)


def format_tusimple_line(line: TuSimpleLine) -> str:
    """Return a line as a label or prediction file has it, without its end.

    Args:
        line: With rows, whole numbers, as are the x of its lanes.

    Raises:
        ValueError: If the rows are missing or no whole numbers.

    Example:
        >>> xs, rows = np.array([[np.nan, 20.0]]), np.array([90.0, 110.0])
        >>> format_tusimple_line(TuSimpleLine("clips/1/20.jpg", xs, rows, None))
        '{"lanes": [[-2, 20]], "h_samples": [90, 110], "raw_file": "clips/1/20.jpg"}'
    """
    rows = line.rows
    if rows is None or not np.array_equal(rows, np.rint(rows)):
        got = None if rows is None else rows.tolist()
        raise ValueError(f"rows must be whole numbers, got {got}.")
    xs = np.where(np.isnan(line.xs), _ABSENT, line.xs)
    record: dict[str, Any] = {
        "lanes": xs.astype(int).tolist(),
        "h_samples": rows.astype(int).tolist(),
        "raw_file": line.raw_file,
    }
    if line.run_time_ms is not None:
        record["run_time"] = line.run_time_ms
    return json.dumps(record)


def _find_image(data_root: Path, raw_file: str, finder: FileFinder) -> Path:
    """Return where an image lies, or where it should lie."""
    # A leading slash, as in SAD's lists, must not lead out of the data root.
    return _find_file(data_root, raw_file.lstrip("/"), finder)


def _find_file(data_root: Path, name: str, finder: FileFinder) -> Path:
    candidates = [data_root / folder / name for folder in _FOLDERS]
    found = (finder.find(path) for path in candidates)
    return next((path for path in found if path is not None), candidates[0])


def _read_lines(
    file: Path,
    parse: Callable[[bytes], TuSimpleLine],
    faults: LabelFaults | None,
) -> list[TuSimpleLine]:
    return [line for _, line in _read_numbered_lines(file, parse, faults)]


def _read_numbered_lines(
    file: Path,
    parse: Callable[[bytes], TuSimpleLine],
    faults: LabelFaults | None,
) -> list[tuple[int, TuSimpleLine]]:
    if not file.is_file():
        raise FileNotFoundError(
            f"No TuSimple label file at '{file}'. Set data_root to a TuSimple tree, or "
            "make scenes in the same form with lanedet scenes."
        )
    faults = LabelFaults() if faults is None else faults
    content = file.read_bytes().removeprefix(codecs.BOM_UTF8)
    if not content.strip():
        raise LabelError(f"{file} holds no labels: the file is empty.")
    lines = []
    for number, text in enumerate(content.split(b"\n"), start=1):
        if not text.strip():
            continue
        with faults.allow():
            try:
                lines.append((number, parse(text)))
            except ValueError as error:
                raise LabelError(f"{file}:{number}: {error}") from error
    return lines


def _parse_label(text: bytes) -> TuSimpleLine:
    line = _parse_line(text)
    if line.rows is None:
        raise ValueError(
            "the key 'h_samples' is missing. If this is a prediction file, "
            "give the label file instead."
        )
    if line.run_time_ms is not None and len(line.xs) == 0:
        raise ValueError(
            "this has a 'run_time' and no lanes, as the template of a submission has. "
            "Give the label file instead."
        )
    return line


def _parse_line(text: bytes) -> TuSimpleLine:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is not valid JSON ({error}).") from error
    if not isinstance(record, dict):
        raise ValueError(f"a label must be a JSON object, got {short(record)}.")
    missing = [key for key in ("lanes", "raw_file") if key not in record]
    if missing:
        raise ValueError(
            f"the key {missing[0]!r} is missing, got {short(sorted(record))}."
        )
    raw_file, run_time = _parse_name(record["raw_file"]), record.get("run_time")
    if run_time is not None:
        run_time = float(_numbers([run_time], "run_time")[0])
    rows = None
    if "h_samples" in record:
        rows = _numbers(record["h_samples"], "h_samples")
        if len(rows) == 0:
            raise ValueError("'h_samples' must name at least one row, got [].")
    return TuSimpleLine(raw_file, _parse_xs(record["lanes"], rows), rows, run_time)


def _parse_name(raw_file: Any) -> str:
    """Return the name of an image, below the data root and with slashes."""
    if not isinstance(raw_file, str) or not raw_file.strip("/\\ "):
        raise ValueError(
            f"'raw_file' must be the name of an image, got {short(raw_file)}."
        )
    name = raw_file.replace("\\", "/")
    # Tools join it to folders, their own outputs among them.
    leads_out = ".." in name.split("/") or re.match("[A-Za-z]:/", name)
    if leads_out or not can_be_file_name(name):
        raise ValueError(
            "'raw_file' must stay below the data root, without '..' or a drive, got "
            f"{short(raw_file)}."
        )
    return name


def _parse_xs(lanes: Any, rows: FloatArray | None) -> FloatArray:
    """Return the lanes of a line, (K, R), NaN where absent."""
    if not isinstance(lanes, list):
        raise ValueError(f"'lanes' must be a list of lists, got {short(lanes)}.")
    checked = [_numbers(lane, f"lanes[{index}]") for index, lane in enumerate(lanes)]
    num_rows = len(rows) if rows is not None else len(checked[0]) if checked else 0
    for index, lane in enumerate(checked):
        if len(lane) != num_rows:
            raise ValueError(
                f"every lane needs one x per row ({num_rows}), "
                f"but lanes[{index}] has {len(lane)}."
            )
    xs = np.array(checked).reshape(len(checked), num_rows)
    return np.where(xs >= 0, xs, np.nan)


def _numbers(values: Any, name: str) -> FloatArray:
    """Return a JSON list as an array, after checking that it holds only numbers."""
    if not isinstance(values, list):
        raise ValueError(f"'{name}' must be a list of numbers, got {short(values)}.")
    # bool is an int to Python, but not a number to a label file.
    wrong = [value for value in values if type(value) not in (int, float)]
    if wrong:
        raise ValueError(f"'{name}' must hold numbers only, got {short(wrong[0])}.")
    try:
        numbers = np.array(values, dtype=np.float64)
    except OverflowError:
        numbers = np.array([np.inf])
    if not (np.abs(numbers) <= _FARTHEST).all():  # nor is NaN
        raise ValueError(
            f"'{name}' must hold finite numbers only, none beyond {_FARTHEST:.0f}."
        )
    return numbers

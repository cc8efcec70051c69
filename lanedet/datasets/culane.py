"""CULane's lists and lane files: names and lanes, and back.

A list names images, one per line, with or without a leading slash, a trailing blank,
the name of a class map and flags of which lanes exist. Names may hold blanks.
Beside an image ``00000.jpg`` lies ``00000.lines.txt``, with one lane per line,
``x y x y ...`` from the bottom up in pixels of the image. The file of an image without
lanes is empty.
Labels go beyond the image, to y = 590 and to any x.

Format: https://xingangpan.github.io/projects/CULane.html and
https://github.com/XingangPan/SCNN (issues 21, 41 and 91)
"""

import codecs
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.datasets.label_faults import LabelError, LabelFaults, short
from lanedet.datasets.label_scale import LabelScale
from lanedet.datasets.picture_files import NAME_END, FileFinder, can_be_file_name
from lanedet.files import check_distinct_outputs, check_name_length, replace_file
from lanedet.ops import xs_at_rows
from lanedet.structures import LaneSample

CULANE_SHAPE = (590, 1640)
"""(H, W) of CULane's images."""

PREDICTION_ROWS = np.arange(589.0, 239.0, -10.0)
"""The rows on which predictions are written, from the bottom up.

SCNN's program writes every second one, 589, 569, ... 249: the coarse step costs overlap
at high thresholds. Below 240 there are no labels.
"""

_CATEGORY_FILE = re.compile(r"test\d+_(\w+)\.txt")
_LARGEST = 1e6  # pixels; no image is that large
_EMPTY_FILE_HINT = "An image without lanes must have an empty one."


class CULaneEntry(NamedTuple):
    """One line of a list."""

    name: str
    """Name of the image, relative to the data root, without a leading slash."""

    existence: tuple[int, ...] | None
    """Whether each of the lane slots holds a lane, 0 or 1. None if not listed."""


def read_culane_list(list_file: Path) -> list[CULaneEntry]:
    """Read a list of images in any of the forms in use.

    Blank lines, a byte-order mark and carriage returns are skipped, backslashes are
    taken as slashes.

    Args:
        list_file: One of ``list/*.txt`` or ``list/test_split/*.txt``.

    Returns:
        One entry per line, in the file's order.

    Raises:
        FileNotFoundError: If there is no such file.
        LabelError: If a line is broken, with file and line, or the file names none.
    """
    return [entry for _, entry in _numbered_entries(list_file)]


def _numbered_entries(list_file: Path) -> list[tuple[int, CULaneEntry]]:
    entries = []
    for number, line in enumerate(_read_lines(list_file), start=1):
        if not line.strip():
            continue
        try:
            entries.append((number, _parse_entry(line)))
        except ValueError as error:
            raise LabelError(f"{list_file}:{number}: {error}") from error
    if not entries:
        raise LabelError(f"{list_file} names no image.")
    return entries


def read_culane_categories(list_folder: Path) -> dict[str, str]:
    """Return the category of each test image.

    Args:
        list_folder: The data set's ``list`` folder. Its ``test_split`` holds a list
            for each category, ``test0_normal.txt`` to ``test8_night.txt``.

    Returns:
        The category, such as ``"normal"``, of each image, by the image's name. Empty if
        there is no such folder.

    Raises:
        LabelError: If a list is broken.
    """
    categories: dict[str, str] = {}
    for path in sorted(list_folder.glob("test_split/*.txt")):
        match = _CATEGORY_FILE.fullmatch(path.name)
        if match:
            categories |= {entry.name: match[1] for entry in read_culane_list(path)}
    return categories


def culane_label_path(root: Path, name: str) -> Path:
    """Return where the lanes of an image lie.

    Args:
        root: Folder of the labels or of the predictions.
        name: The image's name.

    Example:
        >>> culane_label_path(Path("data"), "driver_37/a.MP4/00000.jpg").as_posix()
        'data/driver_37/a.MP4/00000.lines.txt'
    """
    return root / PurePosixPath(name).with_suffix(".lines.txt")


def read_culane_lanes(path: Path) -> list[FloatArray]:
    """Read a lane file.

    Args:
        path: The file. It may be empty.

    Returns:
        Polylines, each (N, 2) in pixels of the original image, in the file's order and
        as they are: points outside the image, repeated points and lanes of fewer than
        two points stay, because the benchmark counts them.

    Raises:
        LabelError: If a line is broken, with file and line, or there is no such file:
            that is not the same as an image without lanes.
    """
    lanes = []
    try:
        lines = _read_lines(path)
    except FileNotFoundError as error:
        raise LabelError(
            f"{path}: there is no such label file. {_EMPTY_FILE_HINT}"
        ) from error
    for number, line in enumerate(lines, start=1):
        try:
            lanes.append(_parse_lane(line))
        except ValueError as error:
            raise LabelError(f"{path}:{number}: {error}") from error
    return lanes


def read_culane_labels(
    list_file: Path,
    data_root: Path,
    faults: LabelFaults,
    label_shape: tuple[int, int] | None = None,
) -> list[LaneSample]:
    """Read the labels of the images of a list.

    Args:
        list_file: The list.
        data_root: Folder under which images and labels lie.
        faults: What to do about an image whose label is broken or missing, or that is
            missing itself: driver_161_90frame was published without some of its images.
        label_shape: (H, W) of the images for which the labels were made, where those
            that are there are resized copies. Labels are scaled to them, and the
            benchmark scores in pixels of that size. None: they were not resized.

    Returns:
        One sample per image, in the list's order, with ``gt_lanes`` and the meta
        information ``raw_file``, ``img_path`` and, where known, ``category``, and with
        ``label_shape`` that and ``ori_shape``.

    Raises:
        FileNotFoundError: If there is no such list.
        LabelError: If the list is broken, or a label and ``faults`` says so; with
            ``label_shape`` also if a label does not fit it or images differ in size.
    """
    scale = None if label_shape is None else LabelScale(label_shape)
    categories = read_culane_categories(data_root / "list")
    samples = []
    finder = FileFinder()
    for line, (name, _) in _numbered_entries(list_file):
        with faults.allow():
            image, label = find_culane_files(data_root, name, finder)
            if image is None:
                raise LabelError(
                    f"{list_file}:{line}: the image '{data_root / name}' is not there."
                )
            if label is None:
                raise LabelError(
                    f"{list_file}:{line}: there is no label file "
                    f"'{culane_label_path(data_root, name)}'. {_EMPTY_FILE_HINT}"
                )
            metainfo = {"raw_file": name, "img_path": str(image)}
            if name in categories:
                metainfo["category"] = categories[name]
            sample = LaneSample(metainfo=metainfo)
            sample.gt_lanes = read_culane_lanes(label)
            if scale is not None:
                scale.apply(sample, str(label), has_line_per_lane=True)
            samples.append(sample)
    return samples


def find_culane_files(
    data_root: Path, name: str, finder: FileFinder
) -> tuple[Path | None, Path | None]:
    """Return where an image and its lanes lie, None for what is not there.

    Args:
        data_root: Folder under which they lie.
        name: The image's name.
        finder: Finds names that are spelt otherwise on the disk.
    """
    label = finder.find(culane_label_path(data_root, name))
    return finder.find(data_root / name), label


def format_culane_lanes(lanes: Iterable[FloatArray]) -> str:
    r"""Return what a lane file holds, coordinates to a thousandth of a pixel.

    Lanes of fewer than two points are left out: the benchmark counts them as wrong.

    Args:
        lanes: Polylines, each (N, 2) in pixels of the original image.

    Raises:
        ValueError: If a coordinate is not finite.

    Example:
        >>> format_culane_lanes([np.array([[700.25, 590.0], [720.0, 580.0]])])
        '700.25 590 720 580\n'
    """
    lines = []
    for lane in lanes:
        if not np.isfinite(lane).all():
            raise ValueError(
                f"A lane's coordinates must be finite, got {lane.tolist()}."
            )
        if len(lane) >= 2:
            numbers = np.round(lane, 3).ravel() + 0.0  # no "-0"
            lines.append(" ".join(_short_number(number) for number in numbers) + "\n")
    return "".join(lines)


def sample_culane_lane(lane: FloatArray, rows: FloatArray) -> FloatArray:
    """Return a lane's points on rows of the image, (N, 2), in the rows' order.

    Args:
        lane: Polyline, (N, 2).
        rows: y of each row, (R,).
    """
    xs = xs_at_rows(lane, rows)
    return np.stack([xs, rows], axis=1)[~np.isnan(xs)]


def write_culane_labels(root: Path, samples: Sequence[LaneSample]) -> None:
    """Write the lane files of samples.

    Args:
        root: The folder to write into. Each file goes to where its image is named.
        samples: Samples with ``gt_lanes`` and the meta information ``raw_file``.

    Raises:
        ValueError: If a sample lacks one of these, two images would have one file, a
            list cannot hold the name of an image, or a coordinate is not finite.
    """
    outputs: list[tuple[Path, Path]] = []
    for number, sample in enumerate(samples):
        for name in ("gt_lanes", "raw_file"):
            if name not in sample:
                raise ValueError(f"samples[{number}] must have {name} to be written.")
        image = _listed_name(sample.raw_file)
        path = culane_label_path(root, image)
        check_name_length(path)
        outputs.append((Path(image), path))
    check_distinct_outputs(outputs)
    for sample, (_, path) in zip(samples, outputs, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, format_culane_lanes(sample.gt_lanes))


def write_culane_list(path: Path, names: Iterable[str]) -> None:
    """Write a list of images, with the leading slash of the original lists.

    Raises:
        ValueError: If a list cannot hold the name of an image.
    """
    lines = [f"/{_listed_name(name)}\n" for name in names]
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, "".join(lines))


def _read_lines(path: Path) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(
            f"No CULane file at '{path}'. Set data_root to a CULane tree."
        )
    content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    # Names that are no UTF-8 stay what they are on the disk.
    lines = content.decode("utf-8", errors="surrogateescape").split("\n")
    return lines[:-1] if not lines[-1] else lines


def _parse_entry(line: str) -> CULaneEntry:
    name, flags = _split_entry(line.strip())
    if any(flag not in ("0", "1") for flag in flags):
        raise ValueError(f"flags of lanes must be 0 or 1, got {' '.join(flags)[:60]}.")
    return CULaneEntry(
        _checked_name(name), tuple(int(flag) for flag in flags) if flags else None
    )


def _split_entry(line: str) -> tuple[str, list[str]]:
    """Return the name and the flags. Names, also of class maps, may hold blanks."""
    image = NAME_END.search(line)
    if image is None:
        name, *columns = line.split()
        return name, columns[1:] if columns and "/" in columns[0] else columns
    rest = line[image.end() :]
    class_map = NAME_END.search(rest)
    if class_map and "/" in rest[: class_map.end()]:
        rest = rest[class_map.end() :]
    columns = rest.split()
    flags = columns[1:] if columns and "/" in columns[0] else columns
    return line[: image.end()], flags


def _checked_name(name: str) -> str:
    checked = name.replace("\\", "/").lstrip("/")
    path = PurePosixPath(checked)
    # Tools join it to folders, their own outputs among them.
    is_absolute = re.match("[A-Za-z]:/", checked)
    leads_out = ".." in path.parts or is_absolute
    if leads_out or not path.suffix or not can_be_file_name(checked):
        raise ValueError(
            "the name of an image must be relative, stay in its folder and have an "
            f"ending, got {short(name)}."
        )
    return checked


def _listed_name(name: str) -> str:
    """Return how a list names an image, after checking that it reads back so."""
    listed = _checked_name(name)
    try:
        bare = name.lstrip("/")
        is_read_back = "\n" not in bare and _parse_entry(f"/{bare}").name == bare
    except ValueError:  # its end is taken for other columns
        is_read_back = False
    if not is_read_back:
        raise ValueError(
            "CULane's lists are lines of columns, parted at blanks, and have slashes "
            f"only: {short(name)} would be read otherwise. Rename the image, or write "
            "the form of TuSimple."
        )
    return listed


def _parse_lane(line: str) -> FloatArray:
    words = line.split()
    try:
        numbers = np.array([float(word) for word in words], dtype=np.float64)
    except ValueError as error:
        raise ValueError(f"a lane must be numbers, x y x y ... ({error}).") from error
    if len(numbers) % 2:
        raise ValueError(
            f"a lane must be pairs of numbers, got {len(numbers)} numbers. "
            "Is the line cut off?"
        )
    if not (np.abs(numbers) < _LARGEST).all():
        raise ValueError(f"coordinates must be finite and below {_LARGEST:.0f} pixels.")
    return numbers.reshape(-1, 2)


def _short_number(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")

"""CULane's lane files: one image's lanes as text, and back.

Beside an image ``00000.jpg`` lies ``00000.lines.txt``, with one lane per line,
``x y x y ...`` from the bottom up in pixels of the image. The file of an image without
lanes is empty. Labels go beyond the image, to y = 590 and to any x. Predictions have
the same form, in a folder of their own.

The benchmark's own program reads these files otherwise where they are broken (see
``culane_official``).

Format: https://xingangpan.github.io/projects/CULane.html and
https://github.com/XingangPan/SCNN (issues 21, 41 and 91)
"""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.files import (
    check_distinct_outputs,
    check_name_length,
    replace_file,
    visible_files,
)
from lanedet.formats.culane_lists import (
    culane_lines,
    listed_culane_name,
    numbered_culane_entries,
    read_culane_categories,
)
from lanedet.formats.label_faults import LabelError, LabelFaults
from lanedet.formats.label_scale import LabelScale
from lanedet.formats.picture_files import FileFinder
from lanedet.ops import continue_to_border, xs_at_rows
from lanedet.structures import LaneSample

CULANE_SHAPE = (590, 1640)
"""(H, W) of CULane's images."""

CULANE_ROW_STEP = 10
"""Distance of the rows of labels, in pixels at :data:`CULANE_SHAPE`."""

CULANE_LINES_SUFFIX = ".lines.txt"
"""How the names of lane files end."""

_LARGEST = 1e6  # pixels; no image is that large
_EMPTY_FILE_HINT = "An image without lanes must have an empty one."


def culane_lines_name(image: str) -> str:
    """Return the name of an image's lane file, below the same folder as the image's.

    Example:
        >>> culane_lines_name("driver_37_30frame/05181432_0203.MP4/00000.jpg")
        'driver_37_30frame/05181432_0203.MP4/00000.lines.txt'
    """
    return f"{PurePosixPath(image).with_suffix('')}{CULANE_LINES_SUFFIX}"


def culane_lane_files(root: Path) -> list[Path]:
    """Return the lane files in a folder and its folders that are not hidden, sorted."""
    return list(visible_files(root, f"*{CULANE_LINES_SUFFIX}"))


def culane_image_name(root: Path, lane_file: Path) -> str:
    """Return the name of the image that a lane file below a folder is for.

    Whether it really ends in ``.jpg``, as all of CULane's do, the file does not tell.

    Example:
        >>> file = Path("data/driver_37/a.MP4/00000.lines.txt")
        >>> culane_image_name(Path("data"), file)
        'driver_37/a.MP4/00000.jpg'
    """
    name = lane_file.relative_to(root).as_posix()
    return f"{name.removesuffix(CULANE_LINES_SUFFIX)}.jpg"


def culane_rows(
    height: int, step: float = CULANE_ROW_STEP, at_height: int = CULANE_SHAPE[0]
) -> FloatArray:
    """Return the rows on which lanes are written, from the last of an image upwards.

    Labels of generated scenes and predictions have them, so that both compare: 589,
    579, ... 9 of the benchmark's 590, and as many at the same shares of other heights.

    SCNN's program writes every second one down to 249, above which CULane has no
    labels: 589, 569, ... 249. Its coarse step costs overlap at high thresholds.

    Args:
        height: Height of the image, in pixels.
        step: Distance of the rows, in pixels of an image ``at_height`` high, > 0.
        at_height: The height at which the step is wanted.

    Returns:
        y of each row, (R,), falling.

    Example:
        >>> rows = culane_rows(590)
        >>> len(rows), float(rows[0]), float(rows[-1])
        (59, 589.0, 9.0)
        >>> culane_rows(1180)[:3].tolist()
        [1179.0, 1159.0, 1139.0]
    """
    return np.arange(height - 1, -1.0, -step * height / at_height, dtype=np.float64)


def culane_label_path(root: Path, name: str) -> Path:
    """Return where the lanes of an image lie.

    Args:
        root: Folder of the labels or of the predictions.
        name: The image's name.

    Example:
        >>> culane_label_path(Path("data"), "driver_37/a.MP4/00000.jpg").as_posix()
        'data/driver_37/a.MP4/00000.lines.txt'
    """
    return root / culane_lines_name(name)


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
        lines = culane_lines(path)
    except FileNotFoundError as error:
        raise LabelError(
            f"{path}: there is no such label file. {_EMPTY_FILE_HINT}"
        ) from error
    for number, line in enumerate(lines, start=1):
        try:
            lanes.append(parse_culane_lane(line))
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
    for line, (name, _) in numbered_culane_entries(list_file):
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


def culane_prediction(
    lanes: Iterable[FloatArray],
    image_shape: tuple[int, int],
    rows: FloatArray | None = None,
    *,
    to_border: bool = True,
) -> str:
    r"""Return what the prediction file of an image holds.

    Args:
        lanes: Polylines, each (N, 2) in pixels of the image.
        image_shape: (H, W) of the image.
        rows: y of each row that lanes are written on, (R,), falling. Those of
            :func:`culane_rows` if not given.
        to_border: Whether lanes are continued straight to the lower edge or a side of
            the image, as the benchmark's labels are.

    Raises:
        ValueError: If a coordinate is not finite.

    Example:
        >>> lane = np.array([[30.0, 60.0], [50.0, 40.0]])
        >>> culane_prediction([lane], (100, 200), np.array([69.0, 59.0, 49.0]))
        '21 69 31 59 41 49\n'
    """
    if rows is None:
        rows = culane_rows(image_shape[0])
    if to_border:
        lanes = (continue_to_border(lane, image_shape) for lane in lanes)
    return format_culane_lanes(sample_culane_lane(lane, rows) for lane in lanes)


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
        image = listed_culane_name(sample.raw_file)
        path = culane_label_path(root, image)
        check_name_length(path)
        outputs.append((Path(image), path))
    check_distinct_outputs(outputs)
    for sample, (_, path) in zip(samples, outputs, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, format_culane_lanes(sample.gt_lanes))


def parse_culane_lane(line: str) -> FloatArray:
    """Return the lane of a line of a lane file, (N, 2).

    Raises:
        ValueError: If these are no pairs of numbers, or one is not finite or of no
            image.

    Example:
        >>> parse_culane_lane("700.25 590 720 580").tolist()
        [[700.25, 590.0], [720.0, 580.0]]
    """
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

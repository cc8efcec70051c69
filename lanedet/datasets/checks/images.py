"""Whether the images of a data set are there and can be read."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from lanedet.datasets.checks.labels import LabelFit
from lanedet.datasets.checks.report import DatasetReport
from lanedet.images import read_image
from lanedet.runtime import progress_bar
from lanedet.structures import LaneSample

NUM_SAMPLED = 64
"""Number of images that are decoded unless all are asked for."""


def missing_files(paths: Sequence[Path], desc: str) -> list[Path]:
    """Return the paths at which there is no file."""
    return [path for path in progress_bar(paths, desc=desc) if not path.is_file()]


def looked_at(paths: Sequence[Path], decode_all: bool) -> list[Path]:
    """Return the images that are decoded: all or :data:`NUM_SAMPLED`, always the same.

    Args:
        paths: All images.
        decode_all: Whether to take all.
    """
    chosen = list(paths)
    if not decode_all and len(chosen) > NUM_SAMPLED:
        chosen = random.Random(0).sample(chosen, NUM_SAMPLED)
    return chosen


def check_images(
    paths: Sequence[Path],
    report: DatasetReport,
    *,
    shape: tuple[int, int],
    is_original: bool,
    decode_all: bool,
    label_of: Callable[[Path], LaneSample | None],
    label_shape: tuple[int, int] | None = None,
) -> None:
    """Decode images, note unreadable ones, wrong sizes, and labels that do not fit.

    Args:
        paths: Images that are there.
        report: Takes what is wrong.
        shape: (H, W) of the benchmark's.
        is_original: Whether all must have that size. If not, others are only noted.
        decode_all: Whether to decode all images that are there.
        label_of: Returns an image's label, as :meth:`LabelFit.add` takes it, None
            where it has none that can be read.
        label_shape: (H, W) of the images for which the labels were made, where those
            that are there are resized copies of any size.
    """
    chosen = looked_at(paths, decode_all)
    sizes: Counter[tuple[int, int]] = Counter()
    broken, misfits = [], []
    fit = LabelFit()
    for path in progress_bar(chosen, desc="decoding", unit="image"):
        try:
            height, width = read_image(path).shape[:2]
        except (OSError, ValueError) as error:
            broken.append(str(error))
            continue
        sizes[height, width] += 1
        if is_original and label_shape is None and (height, width) != shape:
            misfits.append(f"{path} ({width}x{height})")
        elif (label := label_of(path)) is not None:
            fit.add(label, (height, width))
    seen = ", ".join(f"{w}x{h}: {n}" for (h, w), n in sizes.most_common(4))
    report.notes.append(f"{len(chosen)} of {len(paths)} images decoded ({seen})")
    if broken:
        report.add_problem(
            f"{len(broken)} images cannot be read", "Unpack them again.", broken
        )
    if misfits:
        report.add_problem(
            f"{len(misfits)} images are not {shape[1]}x{shape[0]}",
            "The labels are made for that size: take the original images, or, if these "
            "are resized copies, say so: --label-shape "
            f"{shape[0]}x{shape[1]}, and label_shape of the data set.",
            misfits,
        )
    if label_shape is not None:
        report.notes.append(
            f"labels for {label_shape[1]}x{label_shape[0]}, scaled to the images"
        )
    fit.report_to(report)
    if not is_original and label_shape is None:
        _note_sizes(sizes, shape, report)


def _note_sizes(
    sizes: Counter[tuple[int, int]], shape: tuple[int, int], report: DatasetReport
) -> None:
    taken = f"lanedet evaluate takes images to be {shape[1]}x{shape[0]}"
    if len(sizes) > 1:
        report.notes.append(f"{taken}, and needs images of one size")
    elif sizes and shape not in sizes:
        ((height, width),) = sizes
        report.notes.append(f"{taken} unless it is given --shape {height}x{width}")

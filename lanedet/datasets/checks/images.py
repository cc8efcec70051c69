"""Whether the images of a data set are there and can be read."""

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from lanedet.datasets.checks.report import DatasetReport
from lanedet.images import read_image
from lanedet.runtime import progress_bar

NUM_SAMPLED = 64
"""Number of images that are decoded unless all are asked for."""


def missing_files(paths: Sequence[Path], desc: str) -> list[Path]:
    """Return the paths at which there is no file."""
    return [path for path in progress_bar(paths, desc=desc) if not path.is_file()]


def check_images(
    paths: Sequence[Path],
    report: DatasetReport,
    shape: tuple[int, int] | None,
    decode_all: bool,
) -> None:
    """Decode images and note unreadable ones and wrong sizes.

    Args:
        paths: Images that are there.
        report: Takes what is wrong.
        shape: (H, W) that all must have, None if any will do.
        decode_all: Whether to decode all or :data:`NUM_SAMPLED`, always the same ones.
    """
    chosen = list(paths)
    if not decode_all and len(chosen) > NUM_SAMPLED:
        chosen = random.Random(0).sample(chosen, NUM_SAMPLED)
    sizes: Counter[tuple[int, int]] = Counter()
    broken, misfits = [], []
    for path in progress_bar(chosen, desc="decoding", unit="image"):
        try:
            height, width = read_image(path).shape[:2]
        except (OSError, ValueError) as error:
            broken.append(str(error))
            continue
        sizes[height, width] += 1
        if shape is not None and (height, width) != shape:
            misfits.append(f"{path} ({width}x{height})")
    seen = ", ".join(f"{w}x{h}: {n}" for (h, w), n in sizes.most_common(4))
    report.notes.append(f"{len(chosen)} of {len(paths)} images decoded ({seen})")
    if broken:
        report.add_problem(
            f"{len(broken)} images cannot be read", "Unpack them again.", broken
        )
    if misfits and shape is not None:
        report.add_problem(
            f"{len(misfits)} images are not {shape[1]}x{shape[0]}",
            "The labels are made for that size: take the original images.",
            misfits,
        )

"""Generated scenes per second and core: drawn, and written as JPEG.

Times are of the processor in one process and one thread, not of the clock on the wall,
so other work on the machine matters little. Drawing is the scene, its labels and its
picture; a JPEG comes on top.
"""

import argparse
import statistics
import time
from collections.abc import Sequence

import cv2
import torch

from lanedet.arrays import ByteArray
from lanedet.benchmark.timing import (
    Timing,
    add_common_arguments,
    format_table,
    hardware_line,
    write_json,
)
from lanedet.runtime import progress_bar
from lanedet.simulation import make_scene
from lanedet.simulation.export.scene_files import JPEG_QUALITY, SceneCollection
from lanedet.simulation.sampling.categories import CATEGORIES, MIXTURES, deal_category

_SEED = 0
_WARM_UP = 3  # the first scenes of a process make what all share
_ALL = "all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "--num", type=int, default=100, help="how many scenes (default: 100)"
    )
    parser.add_argument(
        "--shape",
        type=int,
        nargs=2,
        metavar=("H", "W"),
        default=(288, 800),
        help="size of the pictures (default: 288 800)",
    )
    parser.add_argument(
        "--category",
        choices=[*CATEGORIES, *MIXTURES],
        default="culane",
        help="category or mixture (default: culane)",
    )
    add_common_arguments(parser, rounds=3)


def run(args: argparse.Namespace) -> None:
    """Measure and print.

    Raises:
        ValueError: If a number is out of its range.
    """
    for name in ("num", "rounds"):
        if getattr(args, name) < 1:
            raise ValueError(f"--{name} must be at least 1.")
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    collection = SceneCollection(_SEED, tuple(args.shape), args.category)
    drawing, encoding = time_scenes(collection, args.num, args.rounds)
    categories = [deal_category(_SEED, n, args.category) for n in range(args.num)]
    timings = {_ALL: mean_timing(drawing)} | {
        category: mean_timing(
            [
                seconds
                for seconds, dealt in zip(drawing, categories, strict=True)
                if dealt == category
            ]
        )
        for category in sorted(set(categories))
    }
    jpeg = mean_timing(encoding)
    height, width = args.shape
    print(
        f"{hardware_line()}\n{args.num} scenes of {args.category}, {width}x{height}\n"
    )
    rows = [
        [name, str(args.num if name == _ALL else categories.count(name)), *_cells(each)]
        for name, each in timings.items()
    ]
    rows.append(["JPEG, on top", str(args.num), *_cells(jpeg)])
    print(format_table(["drawn", "scenes", "ms", "(min)", "scenes/s and core"], rows))
    report = {
        "scenes": args.num,
        "shape": list(args.shape),
        "mixture": args.category,
        "seconds_per_scene": {
            name: timing._asdict() for name, timing in timings.items()
        },
        "jpeg_seconds_per_scene": jpeg._asdict(),
    }
    write_json(args.json, report)


def time_scenes(
    collection: SceneCollection, num_scenes: int, rounds: int
) -> tuple[list[list[float]], list[list[float]]]:
    """Return the seconds of each scene in each round: for drawing, and for its JPEG."""
    seed, shape, category = collection.seed, collection.shape, collection.category
    for number in range(_WARM_UP):
        make_scene(seed, number, shape, category)
    drawing: list[list[float]] = [[] for _ in range(num_scenes)]
    encoding: list[list[float]] = [[] for _ in range(num_scenes)]
    total = rounds * num_scenes
    for count in progress_bar(range(total), desc="scenes", unit="scene"):
        number = count % num_scenes
        start = time.process_time()
        image, _ = make_scene(seed, number, shape, category)
        drawn = time.process_time()
        _encode(image)
        drawing[number].append(drawn - start)
        encoding[number].append(time.process_time() - drawn)
    return drawing, encoding


def mean_timing(seconds: Sequence[Sequence[float]]) -> Timing:
    """Return the mean over scenes of each one's median, and of its least time.

    Example:
        >>> mean_timing([[1.0, 2.0, 6.0], [4.0, 4.0, 4.0]])
        Timing(median_s=3.0, min_s=2.5)
    """
    return Timing(
        statistics.fmean(statistics.median(of_scene) for of_scene in seconds),
        statistics.fmean(min(of_scene) for of_scene in seconds),
    )


def _encode(image: ByteArray) -> None:
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)


def _cells(timing: Timing) -> list[str]:
    return [
        f"{1000 * timing.median_s:.1f}",
        f"({1000 * timing.min_s:.1f})",
        f"{1 / timing.median_s:.1f}",
    ]

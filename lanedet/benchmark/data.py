"""Images per second and core that the input pipeline makes, by step.

The limit is what reading and decoding a JPEG takes by itself. Times of the steps are
of the processor, not of the clock on the wall, so other work on the machine matters
little; those of the loader are of the clock. All steps run in one thread.
"""

import argparse
import functools
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader

from lanedet.benchmark.road_pictures import write_pictures
from lanedet.benchmark.timing import (
    Timing,
    add_common_arguments,
    format_table,
    hardware_line,
    time_in_turns,
    write_json,
)
from lanedet.datasets import (
    ApplyView,
    Augment,
    LaneDataset,
    LoadImage,
    RandomMotion,
    RasterizeLanes,
    ToTensors,
)
from lanedet.formats import CULANE_SHAPE
from lanedet.images import read_image
from lanedet.ops import StretchView
from lanedet.runtime import progress_bar
from lanedet.structures import LaneSample

_BATCH_SIZE = 12
_PASSES_PER_ROUND = 3  # of the loader

_LIMIT = "limit"
_TOTAL = "together"

Seconds = dict[str, float]  # by step
Timings = dict[str, dict[str, Timing]]  # of one image, by pipeline and step


class _Pictures(LaneDataset):
    """Image files with four lanes each that run as on a motorway."""

    def __init__(
        self, paths: Sequence[Path], pipeline: Sequence[Mapping[str, Any]]
    ) -> None:
        self.paths = list(paths)
        super().__init__(data_root="", pipeline=pipeline)

    def load_samples(self, data_root: Path) -> list[LaneSample]:  # noqa: ARG002
        """Return one sample per file."""
        samples = []
        for path in self.paths:
            # Sizes differ little: the lanes need not fit, only be drawn.
            height, width = read_image(path).shape[:2]
            horizon = 0.4 * height
            ys = np.linspace(height - 1, horizon + 1, 35)
            depth = (ys - horizon) / (height - horizon)
            sample = LaneSample(metainfo={"img_path": str(path)})
            sample.gt_lanes = [
                np.stack([width * (0.5 + side * depth), ys], axis=1)
                for side in (-0.8, -0.25, 0.3, 0.85)
            ]
            samples.append(sample)
        return samples


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="folder with JPEG files, searched as a whole (default: made for this, "
        "1640x590)",
    )
    parser.add_argument(
        "--num", type=int, default=24, help="how many images (default: 24)"
    )
    parser.add_argument(
        "--kb", type=int, default=300, help="size of a made image (default: 300)"
    )
    parser.add_argument(
        "--input-shape",
        type=int,
        nargs=2,
        metavar=("H", "W"),
        default=(288, 800),
        help="size of the network input (default: 288 800)",
    )
    parser.add_argument(
        "--workers", type=int, default=2, help="of the loader (default: 2; 0: none)"
    )
    add_common_arguments(parser, rounds=7)


def run(args: argparse.Namespace) -> None:
    """Measure and print.

    Raises:
        FileNotFoundError: If ``--images`` holds no JPEG files.
        ValueError: If a number is out of its range.
    """
    for name, least in (("num", 1), ("workers", 0), ("rounds", 1)):
        if getattr(args, name) < least:
            raise ValueError(f"--{name} must be at least {least}.")
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        if args.images is None:
            paths = write_pictures(Path(folder), args.num, CULANE_SHAPE, 1000 * args.kb)
        else:
            paths = find_jpegs(args.images, args.num)
        datasets = {
            name: _Pictures(paths, pipeline)
            for name, pipeline in pipelines(tuple(args.input_shape)).items()
        }
        mean_kb = statistics.mean(path.stat().st_size for path in paths) / 1000
        steps = time_steps(paths, datasets, args.rounds)
        loaders = time_loaders(datasets, args.workers, args.rounds)
    print(f"{hardware_line()}\n{len(paths)} images of {mean_kb:.0f} KB\n")
    print(_step_table(steps))
    print(f"\n{_loader_table(loaders, args.workers)}")
    report = {
        "images": len(paths),
        "mean_kb": mean_kb,
        "seconds_per_image": {
            pipeline: {step: timing._asdict() for step, timing in timings.items()}
            for pipeline, timings in steps.items()
        },
        "workers": args.workers,
        "loader_seconds_per_image": {
            pipeline: timing._asdict() for pipeline, timing in loaders.items()
        },
    }
    write_json(args.json, report)


def find_jpegs(folder: Path, number: int) -> list[Path]:
    """Return the first so many JPEG files in a folder and its folders.

    Raises:
        FileNotFoundError: If there is none.
    """
    found = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg")
    )
    if not found:
        raise FileNotFoundError(f"No .jpg files in {str(folder)!r}.")
    return found[:number]


def pipelines(input_shape: tuple[int, int]) -> dict[str, list[dict[str, Any]]]:
    """Return the training pipelines to compare, by name."""
    view = {"type": StretchView, "input_shape": input_shape}
    motion = {"type": RandomMotion, "rotate_deg": (-1, 1), "mirror_probability": 0.5}
    colors = [
        {"name": "RandomBrightnessContrast", "p": 1.0},
        {"name": "HueSaturationValue", "p": 1.0},
    ]
    warp = {"type": ApplyView, "view": view, "motion": motion}
    finish: list[dict[str, Any]] = [
        {"type": RasterizeLanes, "num_lanes": 4, "lane_width_px": 8},
        {"type": ToTensors},
    ]
    return {
        "whole images": [{"type": LoadImage}, warp, *finish],
        "half size decoding": [{"type": LoadImage, "shrink": 2}, warp, *finish],
        "whole, colors changed": [
            {"type": LoadImage},
            warp,
            {"type": Augment, "transforms": colors},
            *finish,
        ],
    }


def time_steps(
    paths: Sequence[Path], datasets: Mapping[str, LaneDataset], rounds: int
) -> Timings:
    """Return what each step takes per image, the pipelines in turns.

    Args:
        paths: The image files.
        datasets: Those of the files, by the name of their pipeline.
        rounds: Number of timed rounds; one more goes before.
    """
    runs: dict[str, Callable[[], Seconds]] = {_LIMIT: lambda: _run_limit(paths)}
    for name, dataset in datasets.items():
        runs[name] = functools.partial(_run_pipeline, dataset)
    taken: dict[str, list[Seconds]] = {name: [] for name in runs}
    for number in progress_bar(range(rounds + 1), desc="steps"):
        for name, run_once in runs.items():
            seconds = run_once()
            seconds[_TOTAL] = sum(seconds.values())
            if number > 0:
                taken[name].append(seconds)
    return {
        name: {
            step: Timing(
                statistics.median(each[step] for each in of_rounds),
                min(each[step] for each in of_rounds),
            ).per(len(paths))
            for step in of_rounds[0]
        }
        for name, of_rounds in taken.items()
    }


def _run_limit(paths: Sequence[Path]) -> Seconds:
    """Read and decode, and nothing else."""
    seconds: Seconds = defaultdict(float)
    for path in paths:
        start = time.process_time()
        data = path.read_bytes()
        read = time.process_time()
        cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
        seconds["read"] += read - start
        seconds["decode"] += time.process_time() - read
    return seconds


def _run_pipeline(dataset: LaneDataset) -> Seconds:
    seconds: Seconds = defaultdict(float)
    for draw in range(len(dataset)):
        start = time.process_time()
        results = dataset.results_of(draw)
        looked_up = time.process_time()
        seconds["look up"] += looked_up - start
        for transform in dataset.pipeline.transforms:
            start = time.process_time()
            results = transform(results)
            seconds[type(transform).__name__] += time.process_time() - start
    return seconds


def time_loaders(
    datasets: Mapping[str, LaneDataset], workers: int, rounds: int
) -> dict[str, Timing]:
    """Return the seconds on the clock that a loader takes per image, by pipeline."""
    loaders = {name: _loader(dataset, workers) for name, dataset in datasets.items()}
    timings = time_in_turns(
        {name: functools.partial(_exhaust, loader) for name, loader in loaders.items()},
        rounds,
    )
    return {
        name: timing.per(_PASSES_PER_ROUND * len(datasets[name]))
        for name, timing in timings.items()
    }


def _loader(dataset: LaneDataset, workers: int) -> "DataLoader[Any]":
    return DataLoader(
        dataset,
        batch_size=_BATCH_SIZE,
        sampler=range(_PASSES_PER_ROUND * len(dataset)),
        num_workers=workers,
        collate_fn=pseudo_collate,
        persistent_workers=workers > 0,
    )


def _exhaust(loader: "DataLoader[Any]") -> None:
    for _ in loader:
        pass


def _step_table(steps: Timings) -> str:
    limit = steps[_LIMIT][_TOTAL].median_s
    rows = [
        [
            pipeline,
            step,
            *_figures(timing),
            f"{limit / timing.median_s:.2f}" if step == _TOTAL else "",
        ]
        for pipeline, timings in steps.items()
        for step, timing in timings.items()
    ]
    header = ["pipeline", "step", "ms", "(min)", "images/s and core", "of the limit"]
    return format_table(header, rows)


def _loader_table(loaders: Mapping[str, Timing], workers: int) -> str:
    rows = [[pipeline, *_figures(timing)] for pipeline, timing in loaders.items()]
    header = [f"loader, {workers} workers", "ms", "(min)", "images/s"]
    return format_table(header, rows)


def _figures(timing: Timing) -> tuple[str, str, str]:
    return (
        f"{1000 * timing.median_s:.3f}",
        f"({1000 * timing.min_s:.3f})",
        f"{1 / timing.median_s:.0f}",
    )

"""What distillation, such as SAD, adds to a training step: time and peak memory.

One detector takes the same step (forward, backward, SGD) without its distillers, with
them before they start, and with them on, in turns. The peak is what the step allocates
at most beyond what is there before it. Prediction has no row: it never touches them.
"""

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from lanedet.benchmark.memory import peak_bytes
from lanedet.benchmark.timing import (
    add_common_arguments,
    format_table,
    hardware_line,
    time_in_turns,
    write_json,
)
from lanedet.formats import CULANE_SHAPE
from lanedet.models import GradientMonitor, LaneDetector, usable_device
from lanedet.structures import LaneSample

_PLAIN = "plain"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "--config",
        default="configs/sad/enet_sad_culane.py",
        help="config of a detector with a distiller (default: %(default)s)",
    )
    parser.add_argument("--batch-size", type=int, default=4, help="default: 4")
    parser.add_argument(
        "--device",
        default="cuda" if torch.cuda.is_available() else "cpu",
        help="default: a GPU where there is one",
    )
    add_common_arguments(parser, rounds=9)


def run(args: argparse.Namespace) -> None:
    """Measure and print a table.

    Raises:
        ValueError: If the config has no distiller, a number is out of its range or
            there is no such device.
    """
    args.device = str(usable_device(args.device))
    if args.batch_size < 1:
        raise ValueError(f"--batch-size must be at least 1, got {args.batch_size}.")
    detector = _detector(args.config, args.device)
    batch = _batch(detector, args.batch_size, args.device)
    steps = _steps(detector, batch)
    timings = time_in_turns(steps, args.rounds)
    peaks = {name: peak_bytes(step, args.device) for name, step in steps.items()}
    base = timings[_PLAIN]
    rows = [
        [
            name,
            f"{timing.median_s * 1e3:.1f} ({timing.min_s * 1e3:.1f})",
            f"{timing.median_s / base.median_s:.3f}",
            f"{timing.min_s / base.min_s:.3f}",
            f"{peaks[name] / 2**20:.1f}",
            f"{peaks[name] / peaks[_PLAIN]:.3f}",
        ]
        for name, timing in timings.items()
    ]
    print(f"{args.config}, batch {args.batch_size}, {args.device}; {hardware_line()}")
    header = ["step", "ms: median (min)", "ratio", "of min", "peak MiB", "ratio"]
    print(format_table(header, rows))
    write_json(
        args.json,
        {
            "config": args.config,
            "batch_size": args.batch_size,
            "step_s": {name: timing._asdict() for name, timing in timings.items()},
            "peak_bytes": peaks,
        },
    )


def _detector(config_file: str, device: str) -> LaneDetector:
    from mmengine.registry import MODELS

    from lanedet.engine import load_config

    detector: LaneDetector = MODELS.build(load_config(config_file).model)
    if not detector.distillers:
        raise ValueError(
            f"The model of {config_file!r} must have a distiller, got distiller=None."
        )
    return detector.to(device).train()


def _batch(detector: LaneDetector, batch_size: int, device: str) -> dict[str, Any]:
    """Return noise as images, and labels in which all slots hold a lane."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    height, width = detector.view(CULANE_SHAPE).input_shape
    num_lanes = detector.head.num_lanes
    samples = []
    for _ in range(batch_size):
        sample = LaneSample()
        sample.gt_class_map = rng.integers(
            0, num_lanes, (height, width), dtype=np.uint8, endpoint=True
        )
        sample.gt_existence = np.ones(num_lanes, dtype=np.float32)
        samples.append(sample)
    inputs = torch.randn(batch_size, 3, height, width, device=device)
    return {
        "inputs": inputs.contiguous(memory_format=torch.channels_last),
        "data_samples": samples,
    }


def _steps(
    detector: LaneDetector, batch: dict[str, Any]
) -> dict[str, Callable[[], None]]:
    distillers, whole = detector.distillers, detector.distiller
    optimizer = torch.optim.SGD(detector.parameters(), lr=1e-3, momentum=0.9)

    def step(active: nn.Module | None, progress: float, is_watched: bool) -> None:
        detector.distiller = active
        for distiller in distillers:
            distiller.progress = progress
            distiller.monitor = GradientMonitor() if is_watched else None
        losses = detector.loss(**batch)
        total = sum(value for name, value in losses.items() if "loss" in name)
        optimizer.zero_grad()
        total.backward()  # type: ignore[union-attr]
        optimizer.step()
        if batch["inputs"].is_cuda:
            torch.cuda.synchronize()

    return {
        _PLAIN: partial(step, None, 0.0, False),
        "before distillation": partial(step, whole, 0.0, False),
        "distillation": partial(step, whole, 1.0, False),
        "a watched step (1 in 10)": partial(step, whole, 1.0, True),
    }

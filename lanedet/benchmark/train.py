"""How fast a config trains: images a second, and what the time goes into.

The run is that of ``lanedet train`` with its hooks, but without validation and in a
folder that is removed. Three shares of the time are told apart: waiting for data, the
step (forward, backward, optimizer; a GPU is waited for), and what the hooks do around
it. Some steps more run under PyTorch's profiler, which says for how much of a step
kernels are at work. On a GPU the rest is a GPU that waits for Python, on a CPU it is
Python itself.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from torch.profiler import ProfilerActivity, profile

from lanedet import engine
from lanedet.benchmark.timing import format_table, hardware_line, write_json
from lanedet.engine.config_parts import built_by
from lanedet.engine.run import check_data
from lanedet.simulation import write_scene_tree

_CONFIG = "sad/enet_sad_scenes"
_NUM_SCENES = 64
_PROFILED = 3  # iterations
_LEFT_OUT = (engine.ConsoleHook, engine.ProgressBarHook, engine.WeightsHook)


class _Iteration(NamedTuple):
    """Seconds of one iteration."""

    wait_s: float
    """Waiting for data."""

    step_s: float
    """The step itself."""

    hooks_s: float
    """The hooks before and after it."""

    @property
    def whole_s(self) -> float:
        return sum(self)


class _Mark(Hook):
    """Note when it is called, before and after each step."""

    def __init__(self) -> None:
        self.before: list[float] = []
        self.after: list[float] = []

    def before_train_iter(self, *_: Any, **__: Any) -> None:
        self.before.append(time.perf_counter())

    def after_train_iter(self, *_: Any, **__: Any) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.after.append(time.perf_counter())


class _Profile(Hook):
    """Profile the steps from one on."""

    def __init__(self, first: int) -> None:
        self.first = first
        activities = [ProfilerActivity.CPU]
        if torch.cuda.is_available():
            activities.append(ProfilerActivity.CUDA)
        self.profile = profile(activities=activities)

    def before_train_iter(
        self, _runner: Any, batch_idx: int, *_: Any, **__: Any
    ) -> None:
        if batch_idx == self.first:
            self.profile.start()

    def after_train(self, _runner: Any) -> None:
        self.profile.stop()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "config",
        nargs="?",
        help=f"config to train (default: {_CONFIG}, on scenes that are made for it)",
    )
    parser.add_argument(
        "--data-root", help="folder of the data set, in place of the config's"
    )
    parser.add_argument("--batch-size", type=int, help="default: the config's")
    parser.add_argument("--workers", type=int, help="default: the config's")
    parser.add_argument(
        "--iterations", type=int, default=30, help="that are timed (default: 30)"
    )
    parser.add_argument(
        "--warm-up", type=int, default=5, help="iterations before (default: 5)"
    )
    parser.add_argument(
        "--amp", action="store_true", help="automatic mixed precision (needs a GPU)"
    )
    parser.add_argument(
        "--compile", action="store_true", help="compile the backbone (torch.compile)"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the report as JSON as well"
    )


def run(args: argparse.Namespace) -> None:
    """Measure and print a table.

    Raises:
        FileNotFoundError: If there is no such config, or no data set where it says.
        ValueError: If a number is out of its range or the config does not fit.
    """
    for name, least in (
        ("iterations", 1),
        ("warm_up", 1),
        ("batch_size", 1),
        ("workers", 0),
    ):
        value = getattr(args, name)
        if value is not None and value < least:
            option = name.replace("_", "-")
            raise ValueError(f"--{option} must be at least {least}, got {value}.")
    with tempfile.TemporaryDirectory() as folder:
        config = _config(args, Path(folder))
        iterations, kernels_share = _train(config, args)
    batch_size = config.train_dataloader.batch_size
    whole_s = sum(each.whole_s for each in iterations)
    images_per_s = batch_size * len(iterations) / whole_s
    print(f"{config.filename}, batches of {batch_size}; {hardware_line()}")
    rows = [
        [
            name,
            f"{1e3 * statistics.median(seconds):.1f}",
            f"{sum(seconds) / whole_s:.1%}",
        ]
        for name, seconds in zip(
            _Iteration._fields, zip(*iterations, strict=True), strict=True
        )
    ]
    print(format_table(["of an iteration", "ms, median", "of the time"], rows))
    print(f"{images_per_s:.1f} images/s; kernels {kernels_share:.1%} of a step")
    write_json(
        args.json,
        {
            "config": config.filename,
            "batch_size": batch_size,
            "images_per_s": images_per_s,
            "kernels_share": kernels_share,
            "iterations": [each._asdict() for each in iterations],
        },
    )


def _config(args: argparse.Namespace, folder: Path) -> Config:
    """Return the config of the run."""
    data_root = args.data_root
    if args.config is None and data_root is None:
        data_root = folder / "scenes"
        write_scene_tree(data_root, num_scenes=_NUM_SCENES, seed=0)
    length = args.warm_up + args.iterations + _PROFILED
    config = engine.load_config(
        args.config or _CONFIG, {"train_cfg.max_iters": length}, data_root
    )
    engine.set_work_dir(config, folder / "run")
    for part in ("cfg", "dataloader", "evaluator"):
        config[f"val_{part}"] = config[f"test_{part}"] = None
    config.default_hooks.checkpoint = None
    config.custom_hooks = [
        hook
        for hook in config.custom_hooks
        if built_by(hook, "custom_hooks") not in _LEFT_OUT
    ]
    loader = config.train_dataloader
    if args.batch_size is not None:
        loader.batch_size = args.batch_size
    if args.workers is not None:
        loader.num_workers = args.workers
        loader.persistent_workers = args.workers > 0
    if args.amp:
        engine.use_amp(config)
    return config


def _train(config: Config, args: argparse.Namespace) -> tuple[list[_Iteration], float]:
    """Return the timed iterations, and for which share of a step kernels work."""
    check_data(config, "train_dataloader")
    runner = engine.LaneRunner.from_cfg(config)
    if args.compile:
        runner.model.backbone.compile()
    first, last = _Mark(), _Mark()
    watched = _Profile(args.warm_up + args.iterations)
    runner.register_hook(first, "HIGHEST")
    runner.register_hook(watched, "LOWEST")
    runner.register_hook(last, "LOWEST")
    runner.train()
    steps_s = [
        after - before for before, after in zip(last.before, first.after, strict=True)
    ]
    iterations = []
    for i in range(args.warm_up, watched.first):
        whole_s = last.after[i] - last.after[i - 1]
        wait_s = first.before[i] - last.after[i - 1]
        iterations.append(_Iteration(wait_s, steps_s[i], whole_s - wait_s - steps_s[i]))
    kernels_s = _kernel_seconds(watched.profile)
    return iterations, kernels_s / sum(steps_s[watched.first :])


def _kernel_seconds(recorded: profile) -> float:
    """Return for how long kernels were at work, or on a CPU PyTorch's operators."""
    results: Any = recorded.profiler
    is_on_gpu = torch.cuda.is_available()
    spans = sorted(
        (event.start_ns(), event.start_ns() + event.duration_ns())
        for event in results.kineto_results.events()
        if (
            event.device_type().name == "CUDA"
            if is_on_gpu
            else event.name().startswith("aten::")
        )
    )
    seconds, end_ns = 0.0, 0
    for start_ns, stop_ns in spans:  # operators call others, and kernels overlap
        seconds += max(0, stop_ns - max(start_ns, end_ns)) / 1e9
        end_ns = max(end_ns, stop_ns)
    return seconds

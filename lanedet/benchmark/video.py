"""How fast a clip is annotated: each step and the whole, with and without threads.

A clip of 1280x720 in H.264 goes through the whole pipeline and comes out as another,
with its log. Two networks are tried: an ENet for 288x800, which is untrained, so that
its lanes are noise but as many are decoded, tracked and drawn; and the model that
comes with the package, in the fastest runtime that is installed. Beside them runs the
same ENet in what a known port's demo does (lanedet/benchmark/known_port.py). All take
turns, and the table has the medians, or with --minima the runs that were disturbed
least.

Steps that overlap add up to more than the whole. "cpu" is what all threads of this
process computed, which another load on the machine changes less than the clock.
"x" is how many times faster than the known port's logic the whole is by the clock.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import torch

from lanedet.arrays import ByteArray
from lanedet.benchmark.known_port import KnownPort
from lanedet.benchmark.timing import (
    add_common_arguments,
    format_table,
    hardware_line,
    write_json,
)
from lanedet.engine import load_config
from lanedet.inference import LaneInferencer, packaged_model
from lanedet.models import (
    build_model,
    describe_model,
    load_weights,
    save_weights,
    usable_device,
)
from lanedet.runtime import RUNTIMES
from lanedet.simulation import Drive
from lanedet.video import (
    STEPS,
    VideoOptions,
    VideoOutputs,
    VideoWriter,
    annotate_video,
)

_SHAPE = (720, 1280)
_RATE = 25
_ENET = "configs/sad/enet_sad_culane.py"


class _Measured(NamedTuple):
    """What one run took, in seconds a frame."""

    whole_s: float
    cpu_s: float
    steps_s: dict[str, float]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "--source", type=Path, help="clip to annotate (default: a generated one)"
    )
    parser.add_argument(
        "--frames", type=int, default=150, help="of the generated clip (default: 150)"
    )
    parser.add_argument(
        "--weights",
        type=Path,
        help="second network, weights or exported model (default: the package's, if it "
        "has one)",
    )
    parser.add_argument(
        "--runtime",
        choices=RUNTIMES,
        help="what runs the second network (default: the fastest that can)",
    )
    parser.add_argument(
        "--device",
        default="cuda" if torch.cuda.is_available() else "cpu",
        help="default: a GPU where there is one",
    )
    parser.add_argument(
        "--minima", action="store_true", help="show the least of all rounds"
    )
    add_common_arguments(parser, rounds=3)


def run(args: argparse.Namespace) -> None:
    """Measure and print a table.

    Raises:
        FileNotFoundError: If there is no such clip or weights.
        ValueError: If a number is out of its range, the clip is no video or there is
            no such device.
    """
    args.device = str(usable_device(args.device))
    if args.frames < 1 or args.rounds < 1:
        raise ValueError(
            f"--frames and --rounds must be at least 1, got {args.frames} and "
            f"{args.rounds}."
        )
    source = args.source or generated_clip(args.frames)
    with tempfile.TemporaryDirectory(prefix="lanedet_") as folder:
        runs = _runs(args, source, Path(folder))
        measured: dict[str, list[_Measured]] = {name: [] for name in runs}
        for number in range(args.rounds + 1):  # the first warms up
            for name, annotate in runs.items():
                taken = annotate()
                if number > 0:
                    measured[name].append(taken)
    typical = min if args.minima else statistics.median
    results = {name: _summed_up(taken, typical) for name, taken in measured.items()}
    print(f"{source}, {args.device}; {hardware_line()}")
    print(_table(results))
    write_json(
        args.json,
        {"source": str(source), "runs": {n: m._asdict() for n, m in results.items()}},
    )


def generated_clip(
    num_frames: int, shape: tuple[int, int] = _SHAPE, num_rendered: int = 25
) -> Path:
    """Return a clip of a generated drive; it is made once and kept beside others.

    Args:
        num_frames: Number of frames.
        shape: (H, W) of the frames.
        num_rendered: Number of frames to render. If there are to be more, these are
            played forth and back, as rendering takes long.
    """
    folder = Path(tempfile.gettempdir()) / "lanedet_benchmark"
    path = folder / f"drive_{shape[1]}x{shape[0]}_{num_frames}_{num_rendered}.mp4"
    if not path.is_file():
        length = min(num_frames, num_rendered)
        drive = Drive(seed=0, num_frames=length, fps=_RATE, shape=shape)
        with VideoWriter(path, _RATE) as writer:
            for image in _forth_and_back([image for image, _ in drive], num_frames):
                writer.write(image)
    return path


def _forth_and_back(images: list[ByteArray], number: int) -> Iterator[ByteArray]:
    return islice(cycle(images + images[-2:0:-1]), number)


def _runs(
    args: argparse.Namespace, source: Path, folder: Path
) -> dict[str, Callable[[], _Measured]]:
    """Return what is compared, by name."""
    enet = _untrained_enet(folder / "enet.safetensors")
    port = KnownPort(load_weights(enet, args.device))
    runs = {"known port's logic": _run_of_port(source, port, folder)}
    inferencers = {"ENet 288x800": LaneInferencer(enet, device=args.device)}
    model = args.weights or _shipped(args)
    if model is not None:
        second = LaneInferencer(model, device=args.device, runtime=args.runtime)
        inferencers[f"{model.stem}, {second.runtime}"] = second
    for name, inferencer in inferencers.items():
        for threads, suffix in ((False, ""), (True, ", threads")):
            runs[name + suffix] = _run_of(source, inferencer, threads, folder)
    return runs


def _shipped(args: argparse.Namespace) -> Path | None:
    """Return the package's model for a runtime, None if it has none."""
    try:
        return packaged_model(args.runtime, args.device)
    except FileNotFoundError:
        return None


def _untrained_enet(path: Path) -> Path:
    """Write an ENet that finds a lane in every slot of any image."""
    description = describe_model(load_config(_ENET).model)
    description["head"]["decoder"] = {
        "type": "LaneDecoder",
        "threshold": 0.01,
        "existence_threshold": 0.0,
    }
    torch.manual_seed(0)
    save_weights(path, description, build_model(description).state_dict(), {})
    return path


def _run_of(
    source: Path, inferencer: LaneInferencer, threads: bool, folder: Path
) -> Callable[[], _Measured]:
    outputs = VideoOutputs(clip=folder / "out.mp4", log=folder / "out.jsonl")
    options = VideoOptions(threads=threads)

    def annotate() -> _Measured:
        begin_s = time.process_time()
        summary = annotate_video(source, inferencer, outputs, options=options)
        cpu_s = time.process_time() - begin_s
        count = summary.num_frames
        steps_s = {step: summary.times.seconds[step] / count for step in STEPS}
        return _Measured(summary.seconds / count, cpu_s / count, steps_s)

    return annotate


def _run_of_port(
    source: Path, port: KnownPort, folder: Path
) -> Callable[[], _Measured]:
    def annotate() -> _Measured:
        begin_s, cpu_s = time.perf_counter(), time.process_time()
        times = port.annotate(source, folder / "port.mp4")
        whole_s, cpu_s = time.perf_counter() - begin_s, time.process_time() - cpu_s
        count = times.num_frames["infer"]
        steps_s = {step: times.seconds[step] / count for step in STEPS}
        return _Measured(whole_s / count, cpu_s / count, steps_s)

    return annotate


def _summed_up(
    measured: Sequence[_Measured], typical: Callable[[Iterable[float]], float]
) -> _Measured:
    return _Measured(
        typical(each.whole_s for each in measured),
        typical(each.cpu_s for each in measured),
        {step: typical(each.steps_s[step] for each in measured) for step in STEPS},
    )


def _table(results: dict[str, _Measured]) -> str:
    base_s = next(iter(results.values())).whole_s
    rows = [
        [
            name,
            *(f"{taken.steps_s[step] * 1e3:.1f}" for step in STEPS),
            f"{taken.cpu_s * 1e3:.1f}",
            f"{taken.whole_s * 1e3:.1f}",
            f"{1 / taken.whole_s:.1f}",
            f"{base_s / taken.whole_s:.2f}",
        ]
        for name, taken in results.items()
    ]
    header = ["ms a frame", *STEPS, "cpu", "whole", "frames/s", "x"]
    return format_table(header, rows)

"""What a core's time goes into where lanes of clips are found, and nothing is drawn.

Each frame of a clip is decoded, resized to the network's input, goes through the
network, and its readings become lanes, which are tracked and written as a line of the
log. Times are of the processor, those of all threads together, so that other work on
the machine matters little. From them follows what an archive takes (docs/scale.md).
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from lanedet.benchmark.timing import (
    add_common_arguments,
    format_table,
    hardware_line,
    write_json,
)
from lanedet.benchmark.video import generated_clip
from lanedet.inference import Predictor, open_predictor, packaged_model
from lanedet.ops import add_lanes
from lanedet.runtime import RUNTIMES, progress_bar
from lanedet.structures import LaneSample
from lanedet.video import (
    DrivingMonitor,
    LaneLog,
    LaneTracker,
    VideoFrame,
    VideoReader,
)

SHAPE = (1080, 1920)
"""(H, W) of the frames of the generated clip."""

STEPS = ("decode", "resize", "network", "lanes", "track", "write")
"""What is done with a frame, in order."""

Seconds = dict[str, float]  # by step


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "--source", type=Path, help="clip (default: a generated one, 1920x1080)"
    )
    parser.add_argument(
        "--frames", type=int, default=50, help="the first so many (default: 50)"
    )
    parser.add_argument(
        "--weights", type=Path, help="what finds the lanes (default: the package's)"
    )
    parser.add_argument(
        "--runtime", choices=RUNTIMES, help="what runs the network (default: torch)"
    )
    add_common_arguments(parser, rounds=5)


def run(args: argparse.Namespace) -> None:
    """Measure and print a table.

    Raises:
        FileNotFoundError: If there is no such clip or weights.
        ValueError: If a number is out of its range, or the clip is no video.
    """
    if args.frames < 1 or args.rounds < 1:
        raise ValueError(
            f"--frames and --rounds must be at least 1, got {args.frames} and "
            f"{args.rounds}."
        )
    source = args.source or generated_clip(args.frames, SHAPE)
    predictor = choose_model(args.weights, args.runtime)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with predictor.concurrent(1) as begin:
            begin()
            measured = _least(source, args.frames, predictor, args.rounds)
    finally:
        torch.set_num_threads(threads)
    frames = f"{measured.num_frames} frames"
    print(f"{source}, {frames}, {predictor.runtime}; {hardware_line()}")
    print(_table(measured.seconds))
    print(f"{measured.bytes_written:.0f} bytes of the log a frame")
    facts = {"source": str(source), "runtime": predictor.runtime}
    write_json(args.json, facts | measured._asdict())


def choose_model(weights: Path | None, runtime: str | None) -> Predictor:
    """Return a network on the CPU.

    Args:
        weights: Its file, or None for the package's.
        runtime: What runs it; if not given PyTorch the package's, and another file as
            :func:`~lanedet.inference.open_predictor` does.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the runtime cannot run it.
    """
    if weights is None:
        runtime = runtime or "torch"
        weights = packaged_model(runtime, "cpu")
    return open_predictor(weights, runtime=runtime, device="cpu")


class _Measured(NamedTuple):
    """What frames took."""

    num_frames: int

    seconds: Seconds
    """Time of each step, for one frame."""

    bytes_written: float
    """Bytes of the log, for one frame."""


def _least(
    source: Path, num_frames: int, predictor: Predictor, rounds: int
) -> _Measured:
    """Return what the frames of a clip take at least."""
    measured = []
    with tempfile.TemporaryDirectory(prefix="lanedet_") as folder:
        for number in progress_bar(range(rounds + 1), desc="rounds", unit="round"):
            log = Path(folder) / f"{number}.jsonl"
            each = _one_round(source, num_frames, predictor, log)
            if number > 0:  # the first warms up
                measured.append(each)
        size = log.stat().st_size
    num_frames = measured[0][1]
    seconds = {
        step: min(taken[step] for taken, _ in measured) / num_frames for step in STEPS
    }
    return _Measured(num_frames, seconds, size / num_frames)


def _one_round(
    source: Path, num_frames: int, predictor: Predictor, log: Path
) -> tuple[Seconds, int]:
    """Return the seconds that each step took, and the number of frames."""
    seconds = dict.fromkeys(STEPS, 0.0)
    # All, before anything else is done: decoders have threads that work ahead.
    with _added(seconds, "decode"), VideoReader(source) as reader:
        frames = list(islice(reader, num_frames))
    find_lanes_of_frames(frames, predictor, log, seconds)
    return seconds, len(frames)


def find_lanes_of_frames(
    frames: Iterable[VideoFrame],
    predictor: Predictor,
    log: Path,
    seconds: Seconds | None = None,
) -> int:
    """Find, track and write the lanes of frames.

    Args:
        frames: Of one clip, in order.
        predictor: Finds the lanes.
        log: File to write them to.
        seconds: By step, what each took of the processor is added here.

    Returns:
        The number of frames.
    """
    seconds = dict.fromkeys(STEPS, 0.0) if seconds is None else seconds
    num_slots = predictor.parts.num_slots
    tracker, monitor = LaneTracker(num_slots), DrivingMonitor(num_slots, None)
    num_frames = 0
    with LaneLog(log) as lines:
        for frame in frames:
            sample = _find(predictor, frame, seconds)
            with _added(seconds, "track"):
                sample = tracker.update(sample, frame.time_s)
                state = monitor.update(sample, frame.time_s, frame.index)
            with _added(seconds, "write"):
                lines.write(frame.index, frame.time_s, sample, state)
            num_frames += 1
    return num_frames


def _find(predictor: Predictor, frame: VideoFrame, seconds: Seconds) -> LaneSample:
    shape = (frame.image.shape[0], frame.image.shape[1])
    with _added(seconds, "resize"):
        view = predictor.parts.view(shape)
        inputs = view.warp(frame.image)
    with _added(seconds, "network"):
        readings = predictor.read(inputs[None], np.array(view.place))
    with _added(seconds, "lanes"):
        own = {name: array[0] for name, array in readings.items()}
        lanes = predictor.parts.lanes(predictor.kind, own, view)
        sample = LaneSample(metainfo={"ori_shape": shape, "view": view})
        add_lanes(sample, lanes, predictor.parts.num_slots)
    return sample


@contextmanager
def _added(
    seconds: Seconds, step: str, clock: Callable[[], float] = time.process_time
) -> Iterator[None]:
    begin = clock()
    yield
    seconds[step] += clock() - begin


def _table(seconds: Seconds) -> str:
    whole = sum(seconds.values())
    rows = [
        [step, f"{1000 * taken:.2f}", f"{1 / taken:.0f}", f"{taken / whole:.0%}"]
        for step, taken in [*seconds.items(), ("together", whole)]
    ]
    return format_table(["step", "ms of a core", "frames/s of a core", "share"], rows)

"""How many times faster several workers find lanes than one does.

Each worker is a process that keeps to one core, where the system can tell it to, and
finds, tracks and writes the lanes of a clip (docs/scale.md). Left alone, the threads of
its decoder would take a second core while that is free. One and several workers take
turns, the fastest turn of each counts, and the ratio of their frames a second by the
clock is the result: what it is below the number of workers, they take from one another.
"""

import argparse
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter

import torch

from lanedet.benchmark.steps import SHAPE, choose_model, find_lanes_of_frames
from lanedet.benchmark.timing import (
    add_common_arguments,
    format_table,
    hardware_line,
    write_json,
)
from lanedet.benchmark.video import generated_clip
from lanedet.runtime import (
    RUNTIMES,
    end_with_parent,
    num_usable_cores,
    tune_allocator,
)
from lanedet.video import VideoReader

Work = Callable[[int, Connection, Path, str | None], object]

_MOST_WORKERS = 256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "--workers",
        type=int,
        nargs="+",
        default=[1, num_usable_cores()],
        help="numbers of workers to compare (default: 1 and one for each core)",
    )
    parser.add_argument(
        "--source", type=Path, help="clip (default: a generated one, 1920x1080)"
    )
    parser.add_argument(
        "--frames", type=int, default=50, help="of the generated clip (default: 50)"
    )
    parser.add_argument(
        "--runtime", choices=RUNTIMES, help="what runs the network (default: torch)"
    )
    add_common_arguments(parser, rounds=3)


def run(args: argparse.Namespace, work: Work | None = None) -> None:
    """Measure and print a table.

    Args:
        args: Those of the command line.
        work: What a worker does, with its number, its end of the pipe, the clip and the
            runtime: it sends when it is ready, and from then on, whenever it is asked,
            the number of frames that it has done. None is ``find_lanes_when_asked``.

    Raises:
        ValueError: If a number is out of its range, or the clip is no video.
        ChildProcessError: If a worker dies.
    """
    numbers = sorted(set(args.workers))
    most = numbers[-1] if numbers[0] >= 1 else 0
    if min(args.frames, args.rounds, most) < 1 or most > _MOST_WORKERS:
        raise ValueError(
            "--frames and --rounds must be at least 1 and --workers from 1 to "
            f"{_MOST_WORKERS}, got {args.frames}, {args.rounds} and {args.workers}."
        )
    source = args.source or generated_clip(args.frames, SHAPE)
    with VideoReader(source):
        pass  # the workers would not say it in a line
    rates = _measure(
        work or find_lanes_when_asked, source, args.runtime, numbers, args.rounds
    )
    fastest = {number: max(each) for number, each in rates.items()}
    print(f"{source}; {hardware_line()}")
    first = fastest[numbers[0]] / numbers[0]
    rows = [
        [str(number), f"{rate:.1f}", f"{rate / first:.2f}"]
        for number, rate in fastest.items()
    ]
    print(format_table(["workers", "frames/s", "times one worker"], rows))
    write_json(args.json, {"source": str(source), "frames_per_s": rates})


def _measure(
    work: Work,
    source: Path,
    runtime: str | None,
    numbers: Sequence[int],
    rounds: int,
) -> dict[int, list[float]]:
    """Return the frames a second of so many workers, in each round."""
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(numbers[-1])]
    workers = [
        context.Process(target=work, args=(number, there, source, runtime), daemon=True)
        for number, (_, there) in enumerate(pipes)
    ]
    for worker, (_, there) in zip(workers, pipes, strict=True):
        worker.start()
        there.close()  # so that the pipe ends with the worker
    try:
        ours = [here for here, _ in pipes]
        for pipe in ours:
            pipe.recv()  # it is ready
        rates: dict[int, list[float]] = {number: [] for number in numbers}
        for _ in range(rounds):
            for number in numbers:
                rates[number].append(_rate(ours[:number]))
        return rates
    except (BrokenPipeError, ConnectionResetError, EOFError) as error:
        raise ChildProcessError(
            "All workers must live until the end, and one has died. What it wrote last "
            "says why; with less memory take fewer by --workers."
        ) from error
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _rate(pipes: Sequence[Connection]) -> float:
    begin = perf_counter()
    for pipe in pipes:
        pipe.send(None)
    num_frames = sum(pipe.recv() for pipe in pipes)
    return num_frames / (perf_counter() - begin)


def find_lanes_when_asked(
    number: int, pipe: Connection, source: Path, runtime: str | None
) -> None:
    """Find the lanes of the clip whenever the other end of the pipe asks for it."""
    end_with_parent()
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})
    tune_allocator()  # the command does it for itself alone
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="lanedet_") as folder:
        log = Path(folder) / "lanes.jsonl"
        predictor = choose_model(None, runtime)
        with predictor.concurrent(1) as begin:
            begin()
            while True:  # the first time warms up
                with VideoReader(source) as reader:
                    pipe.send(find_lanes_of_frames(reader, predictor, log))
                pipe.recv()

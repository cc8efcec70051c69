"""Time things side by side, and say on what machine."""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch

from lanedet.files import replace_file
from lanedet.runtime import num_usable_cores


class Timing(NamedTuple):
    """What several runs of the same work took."""

    median_s: float
    """Seconds that a run usually takes."""

    min_s: float
    """Seconds that the run took which was disturbed least."""

    def per(self, count: int) -> "Timing":
        """Return the time of one of ``count`` equal parts of a run."""
        return Timing(self.median_s / count, self.min_s / count)


def time_in_turns(
    subjects: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Timing]:
    """Run every subject once per round, in turns, and time the runs.

    What slows the machine for a while then slows all subjects alike, and their ratios
    stand. One more round before the others warms up caches and is not timed.

    Args:
        subjects: What to run, by name.
        rounds: Number of timed rounds, at least 1.
        clock: Seconds at its call. ``time.process_time`` counts what this process
            itself computes, whatever else the machine does.

    Raises:
        ValueError: If ``rounds`` is less than 1.
    """
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, got {rounds}.")
    seconds: dict[str, list[float]] = {name: [] for name in subjects}
    for number in range(rounds + 1):
        for name, subject in subjects.items():
            start = clock()
            subject()
            if number > 0:
                seconds[name].append(clock() - start)
    return {
        name: Timing(statistics.median(taken), min(taken))
        for name, taken in seconds.items()
    }


def add_common_arguments(parser: argparse.ArgumentParser, rounds: int) -> None:
    """Add ``--rounds``, with that default, and ``--json``."""
    parser.add_argument(
        "--rounds",
        type=int,
        default=rounds,
        help=f"how often everything is timed, in turns (default: {rounds})",
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the report as JSON as well"
    )


def hardware() -> dict[str, str | int]:
    """Return what the figures depend on: processor, cores, GPU and libraries."""
    return {
        "cpu": _cpu_name(),
        "cores": num_usable_cores(),
        "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "torch": torch.__version__,
    }


def hardware_line() -> str:
    """Return :func:`hardware` as a line of text, with the load of the machine."""
    parts = [f"{name} {value}" for name, value in hardware().items()]
    if hasattr(os, "getloadavg"):
        parts.append(f"load {os.getloadavg()[0]:.1f}")
    return ", ".join(parts)


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in plain text: the first column left, the others right aligned.

    Example:
        >>> print(format_table(["stage", "ms"], [["read", "0.1"], ["decode", "12.0"]]))
        stage     ms
        read     0.1
        decode  12.0
    """
    lines = [header, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def write_json(path: Path | None, report: Mapping[str, Any]) -> None:
    """Write a report and the hardware it was measured on, if there is a path."""
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {"hardware": hardware(), **report}
    replace_file(path, json.dumps(record, indent=2) + "\n")


def _cpu_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()

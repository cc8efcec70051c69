"""What ``lanedet benchmark inference`` says of what it has measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from lanedet.benchmark.models import count_macs
from lanedet.benchmark.subject_process import Start
from lanedet.benchmark.timing import format_table
from lanedet.formats.models import (
    MODEL_KEY,
    ModelMetadata,
    read_onnx_metadata,
    read_openvino_metadata,
    read_sidecar,
)
from lanedet.models import LaneDetector, read_checkpoint_header

Figures = dict[str, float | None]
"""Figures by name; None for what is not known."""

_COLUMNS = (
    ("ready_s", "ready s", ".2f"),
    ("min_ms", "min ms", ".2f"),
    ("p50_ms", "p50", ".2f"),
    ("p95_ms", "p95", ".2f"),
    ("p99_ms", "p99", ".2f"),
    ("core_ms", "of cores", ".2f"),
    ("images_per_s", "images/s", ".1f"),
    ("peak_mib", "MiB", ".0f"),
    ("file_mb", "MB", ".2f"),
    ("of_macs", "of MACs", ".0%"),
    ("of_bytes", "of bytes", ".0%"),
    ("distance_px", "px apart", ".2g"),
)


@dataclass
class Measured:
    """What is known of a subject."""

    start: Start
    """How it started."""

    seconds: list[float] = field(default_factory=list)
    """Time by the clock of each call with one picture."""

    core_seconds: list[float] = field(default_factory=list)
    """Time of all cores together of each of these."""

    batch_seconds: list[float] = field(default_factory=list)
    """Time by the clock of each call with a batch."""

    peak_bytes: int | None = None
    """Most memory that its process had."""


class NetworkWork(NamedTuple):
    """What a network does for one picture."""

    macs: int
    """Multiplications with an addition."""

    num_bytes: int
    """Bytes that its layers read and write, weights included, in float32."""


def network_work(detector: LaneDetector) -> NetworkWork:
    """Return what a detector's network does for one picture.

    Args:
        detector: On the CPU.
    """
    detector = detector.fused()
    height, width = detector.view.input_shape
    num_bytes = sum(each.nbytes for each in detector.parameters())

    def note(_layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        nonlocal num_bytes
        tensors = (each for each in (*inputs, output) if isinstance(each, Tensor))
        num_bytes += sum(each.nbytes for each in tensors)

    leaves = [each for each in detector.modules() if not list(each.children())]
    hooks = [leaf.register_forward_hook(note) for leaf in leaves]
    macs = count_macs(detector, torch.zeros(1, 3, height, width))
    for hook in hooks:
        hook.remove()
    return NetworkWork(macs, num_bytes)


def time_figures(measured: Measured, batch_size: int) -> Figures:
    """Return the figures of any subject.

    Args:
        measured: What was measured of it.
        batch_size: Pictures of each batch.
    """
    p50, p95, p99 = np.quantile(measured.seconds, (0.5, 0.95, 0.99)).tolist()
    peak = measured.peak_bytes
    return {
        "ready_s": measured.start.ready_s,
        "load_s": measured.start.load_s,
        "min_ms": 1e3 * min(measured.seconds),
        "p50_ms": 1e3 * p50,
        "p95_ms": 1e3 * p95,
        "p99_ms": 1e3 * p99,
        "core_ms": 1e3 * float(np.median(measured.core_seconds)),
        "images_per_s": batch_size / float(np.median(measured.batch_seconds)),
        "peak_mib": None if peak is None else peak / 2**20,
    }


def limit_figures(
    measured: Measured, work: NetworkWork, rates: Mapping[str, float]
) -> Figures:
    """Return which share of its fastest call a network would take at the limits.

    Args:
        measured: What was measured of it.
        work: What it does.
        rates: What the machine does at most in a second, by the names of ``work``.
    """
    fastest_s = min(measured.seconds)
    return {
        f"of_{name.removeprefix('num_')}": amount / rates[name] / fastest_s
        for name, amount in work._asdict().items()
        if name in rates
    }


def lane_distance(
    lanes: Sequence[Any] | None, others: Sequence[Any] | None
) -> float | None:
    """Return how far apart the points of lanes are at most, in pixels.

    Args:
        lanes: Points (N, 2) of each lane.
        others: The same of another program.

    Returns:
        None if one of them is not known. Infinity if the lanes are others, or have
        other numbers of points.

    Example:
        >>> lane_distance([[(0, 0), (3, 9)]], [[(0, 1), (6, 5)]])
        5.0
    """
    if lanes is None or others is None:
        return None
    if [len(lane) for lane in lanes] != [len(lane) for lane in others]:
        return float("inf")
    away = [np.subtract(a, b) for a, b in zip(lanes, others, strict=True)]
    return max((float(np.hypot(*each.T).max()) for each in away), default=0.0)


def file_bytes(path: Path) -> int:
    """Return the size of a model file, with the weights beside an OpenVINO model."""
    files = [path, path.with_suffix(".bin")] if path.suffix == ".xml" else [path]
    return sum(each.stat().st_size for each in files)


def model_description(path: Path) -> dict[str, Any]:
    """Return the description of the model in a file.

    Args:
        path: Weights, a checkpoint, or what ``lanedet export`` wrote.

    Raises:
        ValueError: If the file does not say what model it holds.
    """
    if path.suffix == ".onnx":
        texts = read_onnx_metadata(path)
    elif path.suffix == ".xml":
        texts = read_openvino_metadata(path)
    elif path.suffix in (".engine", ".plan"):
        texts = read_sidecar(path)
    else:
        meta = read_checkpoint_header(path).get("meta", {})
        if MODEL_KEY not in meta:
            raise ValueError(f"{str(path)!r} does not say what model it holds.")
        return dict(meta[MODEL_KEY])
    return dict(ModelMetadata.read(texts, path).description)


def figures_table(figures: Mapping[str, Figures]) -> str:
    """Return a table of the figures of subjects, by their names."""
    rows = []
    for name, own in figures.items():
        row = [name]
        for key, _, form in _COLUMNS:
            value = own.get(key)
            row.append("-" if value is None else format(value, form))
        rows.append(row)
    return format_table(["model", *(title for _, title, _ in _COLUMNS)], rows)

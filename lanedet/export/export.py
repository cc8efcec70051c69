"""Weights in, a file for another runtime out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lanedet.export.graph import make_graph
from lanedet.export.onnx_file import onnx_bytes
from lanedet.files import replace_file


@dataclass(frozen=True)
class ExportOptions:
    """How a model is written."""

    half: bool = False
    """Whether the network computes with float16."""

    batch: int | None = None
    """Images that it takes at once; None for any number."""

    raw: bool = False
    """Whether whole maps leave the graph."""


def _export_onnx(weights: Path, out: Path, options: ExportOptions) -> list[Path]:
    made = make_graph(weights, half=options.half, raw=options.raw, batch=options.batch)
    replace_file(out, onnx_bytes(made))
    return [out]


@dataclass(frozen=True)
class ExportFormat:
    """A kind of file."""

    suffix: str
    """How its name ends."""

    export: Callable[[Path, Path, ExportOptions], list[Path]]
    """Write one, of weights, and return what was written."""


FORMATS = {"onnx": ExportFormat(".onnx", _export_onnx)}
"""What can be written, by name."""


def export_model(
    weights: Path, out: Path, format_name: str, options: ExportOptions
) -> list[Path]:
    """Write a trained model as a file that another runtime runs.

    Args:
        weights: A weights file or training checkpoint that says what model it holds.
        out: File to write.
        format_name: One of :data:`FORMATS`.
        options: How.

    Returns:
        The files that were written.

    Raises:
        FileNotFoundError: If there are no such weights.
        ValueError: If the weights cannot be used, ``out`` has another ending than the
            format's, or what writes the format is not installed.
    """
    chosen = FORMATS[format_name]
    if out.suffix != chosen.suffix:
        raise ValueError(
            f"A file of the format {format_name} must end in {chosen.suffix}, got "
            f"{str(out)!r}."
        )
    if options.batch is not None and options.batch < 1:
        raise ValueError(f"batch must be at least 1, got {options.batch}.")
    out.parent.mkdir(parents=True, exist_ok=True)
    return chosen.export(weights, out, options)

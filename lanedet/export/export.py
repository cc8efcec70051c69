"""Weights in, a file for another runtime out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lanedet.export.onnx_file import bare_onnx, onnx_bytes
from lanedet.export.openvino_file import openvino_model, write_openvino
from lanedet.files import replace_file
from lanedet.formats.models import (
    ModelMetadata,
    add_onnx_metadata,
    read_onnx_metadata,
)


@dataclass(frozen=True)
class ExportOptions:
    """How a model is written.

    Raises:
        ValueError: If ``batch`` is below 1.
    """

    half: bool = False
    """Whether the network computes with float16."""

    batch: int | None = None
    """Images that it takes at once; None for any number."""

    raw: bool = False
    """Whether whole maps leave the graph."""

    def __post_init__(self) -> None:
        if self.batch is not None and self.batch < 1:
            raise ValueError(f"batch must be at least 1, got {self.batch}.")


class OnnxModel(NamedTuple):
    """What every format is made of."""

    content: bytes
    """Of an ONNX file without metadata."""

    metadata: ModelMetadata


def _write_onnx(model: OnnxModel, out: Path) -> list[Path]:
    replace_file(out, add_onnx_metadata(model.content, model.metadata.texts()))
    return [out]


def _write_openvino(model: OnnxModel, out: Path) -> list[Path]:
    return write_openvino(openvino_model(model.content, model.metadata), out)


@dataclass(frozen=True)
class ExportFormat:
    """A kind of file."""

    suffix: str
    """How its name ends."""

    write: Callable[[OnnxModel, Path], list[Path]]
    """Write one, and return what was written."""


FORMATS = {
    "onnx": ExportFormat(".onnx", _write_onnx),
    "openvino": ExportFormat(".xml", _write_openvino),
}
"""What can be written, by name."""


def export_model(
    weights: Path,
    out: Path,
    format_name: str,
    options: ExportOptions | None = None,
) -> list[Path]:
    """Write a trained model as a file that another runtime runs.

    Args:
        weights: A weights file or training checkpoint that says what model it holds; or
            an ONNX file that this function wrote, to write it in another format.
        out: File to write.
        format_name: One of :data:`FORMATS`.
        options: How; those of an ONNX file were chosen when it was written.

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
    options = ExportOptions() if options is None else options
    out.parent.mkdir(parents=True, exist_ok=True)
    return chosen.write(_onnx_model(weights, options), out)


def _onnx_model(weights: Path, options: ExportOptions) -> OnnxModel:
    if weights.suffix == ".onnx":
        if options != ExportOptions():
            raise ValueError(
                f"The precision, the batch and the outputs of {str(weights)!r} are "
                "fixed. Name the weights (.safetensors) that it was made of to choose "
                "others."
            )
        metadata = ModelMetadata.read(read_onnx_metadata(weights), weights)
        return OnnxModel(bare_onnx(weights), metadata)
    from lanedet.export.graph import make_graph

    made = make_graph(weights, half=options.half, raw=options.raw, batch=options.batch)
    return OnnxModel(onnx_bytes(made), made.metadata)

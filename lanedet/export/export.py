"""Weights in, a file for another runtime out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lanedet.export.graph import ExportGraph, make_graph
from lanedet.export.onnx_file import bare_onnx, onnx_bytes
from lanedet.export.onnx_model import OnnxModel
from lanedet.export.openvino_file import openvino_model, write_openvino
from lanedet.export.quantize import calibration_images, quantize
from lanedet.export.tensorrt_file import onnx_file_of, write_tensorrt
from lanedet.export.torch_file import write_torch
from lanedet.files import replace_file
from lanedet.formats.models import (
    ModelMetadata,
    add_onnx_metadata,
    read_onnx_metadata,
)
from lanedet.inference.predictors.predictor import check_file


@dataclass(frozen=True)
class ExportOptions:
    """How a model is written.

    Raises:
        ValueError: If ``batch`` is below 1, or both ``half`` and ``int8`` are wanted.
    """

    half: bool = False
    """Whether the network computes with float16."""

    batch: int | None = None
    """Images that it takes at once; None for any number."""

    raw: bool = False
    """Whether whole maps leave the graph."""

    int8: bool = False
    """Whether convolutions compute with INT8."""

    calibration: Path | str | None = None
    """Pictures for INT8: an image, a folder or a pattern; None for generated scenes."""

    def __post_init__(self) -> None:
        if self.half and self.int8:
            raise ValueError("half and int8 exclude each other: choose one of them.")
        if self.batch is not None and self.batch < 1:
            raise ValueError(f"batch must be at least 1, got {self.batch}.")


def _write_onnx(weights: Path, out: Path, options: ExportOptions) -> list[Path]:
    model = _onnx_model(weights, options)
    replace_file(out, add_onnx_metadata(model.content, model.metadata.texts()))
    return [out]


def _write_openvino(weights: Path, out: Path, options: ExportOptions) -> list[Path]:
    model = _onnx_model(weights, options)
    return write_openvino(openvino_model(model.content, model.metadata), out)


def _write_tensorrt(weights: Path, out: Path, options: ExportOptions) -> list[Path]:
    beside = onnx_file_of(out)
    if options.int8 and beside.resolve() == weights.resolve():
        raise ValueError(
            f"{str(beside)!r} would be written anew, in INT8, and is what {str(out)!r} "
            "is to be made of. Name the engine otherwise."
        )
    return write_tensorrt(_onnx_model(weights, options), out)


def _write_torch(weights: Path, out: Path, options: ExportOptions) -> list[Path]:
    if options.int8 or weights.suffix == ".onnx":
        raise ValueError(
            "A program of PyTorch is made of weights (.safetensors), in float32 or "
            "float16: leave --int8 out."
        )
    return write_torch(_graph(weights, options), out)


@dataclass(frozen=True)
class ExportFormat:
    """A kind of file."""

    suffix: str
    """How its name ends."""

    write: Callable[[Path, Path, ExportOptions], list[Path]]
    """Write one, of weights, and return what was written."""


FORMATS = {
    "onnx": ExportFormat(".onnx", _write_onnx),
    "openvino": ExportFormat(".xml", _write_openvino),
    "tensorrt": ExportFormat(".engine", _write_tensorrt),
    "torch": ExportFormat(".pt2", _write_torch),
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
        ValueError: If there is no such format, the weights cannot be used, ``out`` has
            another ending than the format's, a file written beside it would take the
            place of the weights, or what writes the format is not installed.
    """
    if format_name not in FORMATS:
        raise ValueError(
            f"format_name must be one of {', '.join(FORMATS)}, got {format_name!r}."
        )
    chosen = FORMATS[format_name]
    if out.suffix != chosen.suffix:
        raise ValueError(
            f"A file of the format {format_name} must end in {chosen.suffix}, got "
            f"{str(out)!r}."
        )
    options = ExportOptions() if options is None else options
    out.parent.mkdir(parents=True, exist_ok=True)
    return chosen.write(weights, out, options)


def _onnx_model(weights: Path, options: ExportOptions) -> OnnxModel:
    # First what fails soon.
    images = calibration_images(options.calibration) if options.int8 else None
    if weights.suffix == ".onnx":
        model = _exported_model(weights, options)
    else:
        made = _graph(weights, options)
        model = OnnxModel(onnx_bytes(made), made.metadata)
    return model if images is None else quantize(model, images)


def _exported_model(path: Path, options: ExportOptions) -> OnnxModel:
    """Return the model of an ONNX file that was exported before."""
    if (options.half, options.batch, options.raw) != (False, None, False):
        raise ValueError(
            f"The precision, the batch and the outputs of {str(path)!r} are fixed. "
            "Name the weights (.safetensors) that it was made of to choose others."
        )
    check_file(path)
    metadata = ModelMetadata.read(read_onnx_metadata(path), path)
    if options.int8 and metadata.facts.precision != "float32":
        raise ValueError(
            f"INT8 is made of float32, got {str(path)!r} in {metadata.facts.precision}."
        )
    return OnnxModel(bare_onnx(path), metadata)


def _graph(weights: Path, options: ExportOptions) -> ExportGraph:
    return make_graph(weights, half=options.half, raw=options.raw, batch=options.batch)

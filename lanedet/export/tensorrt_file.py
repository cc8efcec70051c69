"""A TensorRT engine, its sidecar, and the ONNX file that engines are built of.

TensorRT 11 takes the precision from the file alone, and 10 can: the network is built
strongly typed, so that ``--half`` and ``--int8`` mean the same in both.
"""

from pathlib import Path
from typing import Any

from lanedet.export.onnx_model import OnnxModel
from lanedet.files import replace_file
from lanedet.formats.models import (
    ModelMetadata,
    add_onnx_metadata,
    read_sidecar,
    sidecar_of,
    sidecar_text,
)
from lanedet.inference import HostParts

_MAX_BATCH = 8
"""Images that an engine takes at the most, where the file takes any number."""


def write_tensorrt(model: OnnxModel, out: Path) -> list[Path]:
    """Write an engine with its sidecar, and the ONNX file beside them.

    Where TensorRT is not installed, only the latter two are written: an engine holds
    for one version and one GPU, and must be built where it will run, by the line of
    :func:`trtexec_line`.

    Args:
        model: The model.
        out: The engine.

    Returns:
        The files that were written, the engine last.

    Raises:
        ValueError: If TensorRT is there and cannot build the engine.
    """
    texts = model.metadata.texts()
    onnx_file, sidecar = onnx_file_of(out), sidecar_of(out)
    replace_file(onnx_file, add_onnx_metadata(model.content, texts))
    replace_file(sidecar, sidecar_text(texts))
    try:
        import tensorrt
    except ModuleNotFoundError:
        return [onnx_file, sidecar]
    replace_file(out, _engine(model, tensorrt))
    return [onnx_file, sidecar, out]


def onnx_file_of(engine: Path) -> Path:
    """Return where the ONNX file of an engine lies.

    Example:
        >>> onnx_file_of(Path("lanes.engine")).name
        'lanes.engine.onnx'
    """
    return engine.with_name(f"{engine.name}.onnx")


def trtexec_line(engine: Path) -> str:
    """Return the command that builds an engine where TensorRT is.

    Args:
        engine: The file to be; its sidecar and the ONNX file lie beside it.
    """
    metadata = ModelMetadata.read(read_sidecar(engine), engine)
    words = [
        "trtexec",
        f"--onnx={onnx_file_of(engine).name}",
        f"--saveEngine={engine.name}",
        "--stronglyTyped",
    ]
    if metadata.facts.batch is None:
        shapes = zip(("min", "opt", "max"), _shapes(metadata), strict=True)
        words += [
            f"--{name}Shapes=images:{'x'.join(map(str, shape))}"
            for name, shape in shapes
        ]
    return " ".join(words)


def _shapes(metadata: ModelMetadata) -> list[tuple[int, int, int, int]]:
    """Return the least, the usual and the largest shape of a batch of images."""
    height, width = HostParts.from_description(metadata.description).view.input_shape
    return [(size, height, width, 3) for size in (1, 1, _MAX_BATCH)]


def _engine(model: OnnxModel, trt: Any) -> bytes:
    log = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(log)
    # From TensorRT 11 on every network is strongly typed, and the flag is gone.
    typed = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    network = builder.create_network(0 if typed is None else 1 << int(typed))
    parser = trt.OnnxParser(network, log)
    if not parser.parse(model.content):
        reason = parser.get_error(0).desc() if parser.num_errors else "no reason given"
        raise ValueError(f"TensorRT {trt.__version__} cannot read the model: {reason}")
    config = builder.create_builder_config()
    if model.metadata.facts.batch is None:
        profile = builder.create_optimization_profile()
        profile.set_shape("images", *_shapes(model.metadata))
        config.add_optimization_profile(profile)
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        raise ValueError(
            f"TensorRT {trt.__version__} cannot build an engine of the model on this "
            "GPU. What it printed says why."
        )
    return bytes(engine)

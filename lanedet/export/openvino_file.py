"""An ONNX file as an OpenVINO model: an XML file and one of weights beside it."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from lanedet.formats.models import RT_INFO, ModelMetadata, openvino_metadata
from lanedet.runtime import needs_extra

_MIN_BYTES = 4096  # of a constant; to restore a smaller one takes more than it saves


def openvino_model(content: bytes, metadata: ModelMetadata) -> Any:
    """Return an ``openvino.Model`` with its metadata.

    It computes what the ONNX file does, bit for bit, and is smaller and sooner there
    than one that is read and written as it is.

    Args:
        content: Of an ONNX file that holds none.
        metadata: Of the model.

    Raises:
        ValueError: If the packages that write one are not there.
    """
    with needs_extra("Export to OpenVINO", "export"):
        import openvino

    model = openvino.Core().read_model(content)
    _fold_reshapes(model)
    _store_exact_halves(model)
    model.set_rt_info(openvino_metadata(metadata.texts()), [RT_INFO])
    return model


def _fold_reshapes(model: Any) -> None:
    """Let reshaped constants be constants.

    The reader of ONNX files gives each convolution's bias its shape by eight operators
    that look at the convolution's result. OpenVINO's own folding would also take the
    weights of INT8 to float32.
    """
    from openvino import opset13

    for node in model.get_ordered_ops():
        if node.get_type_name() != "Reshape":
            continue
        source = node.input_value(0).get_node()
        if source.get_type_name() == "Constant":
            shape = node.get_output_shape(0)
            folded = opset13.constant(
                source.data.reshape(shape), source.get_element_type()
            )
            node.output(0).replace(folded.output(0))


def _store_exact_halves(model: Any) -> None:
    """Store in float16 what loses nothing there, as weights that came in float16."""
    from openvino import Type, opset13

    for node in model.get_ordered_ops():
        if node.get_type_name() != "Constant" or node.get_element_type() != Type.f32:
            continue
        values = node.data
        with np.errstate(over="ignore"):
            halves = values.astype(np.float16)
        if values.nbytes >= _MIN_BYTES and np.array_equal(halves, values):
            readers = node.output(0).get_target_inputs()
            restored = opset13.convert(opset13.constant(halves), "f32")
            for reader in readers:
                reader.replace_source_output(restored.output(0))


def write_openvino(model: Any, out: Path) -> list[Path]:
    """Write an ``openvino.Model``, each of its two files whole or not at all.

    Args:
        model: The model.
        out: The XML file.

    Returns:
        Both files.
    """
    from openvino import save_model

    weights = out.with_suffix(".bin")
    with TemporaryDirectory(prefix=".unfinished-", dir=out.parent) as folder:
        written = Path(folder) / out.name
        save_model(model, written, compress_to_fp16=False)
        # The XML file last: it says that the model is there.
        written.with_suffix(".bin").replace(weights)
        written.replace(out)
    return [out, weights]

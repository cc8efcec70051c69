"""An ONNX file as an OpenVINO model: an XML file and one of weights beside it."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lanedet.formats.models import RT_INFO, ModelMetadata, openvino_metadata
from lanedet.runtime import needs_extra


def openvino_model(content: bytes, metadata: ModelMetadata) -> Any:
    """Return an ``openvino.Model`` with its metadata.

    Args:
        content: Of an ONNX file that holds none.
        metadata: Of the model.

    Raises:
        ValueError: If the packages that write one are not there.
    """
    with needs_extra("Export to OpenVINO", "export"):
        import openvino

    model = openvino.Core().read_model(content)
    model.set_rt_info(openvino_metadata(metadata.texts()), [RT_INFO])
    return model


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

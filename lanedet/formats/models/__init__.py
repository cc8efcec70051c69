"""What files of models say of the model that they hold, without a framework."""

from lanedet.formats.models.metadata import (
    EXPORT_KEY,
    MODEL_KEY,
    READINGS,
    ExportFacts,
    ModelMetadata,
)
from lanedet.formats.models.onnx_metadata import add_onnx_metadata, read_onnx_metadata
from lanedet.formats.models.openvino_metadata import (
    RT_INFO,
    openvino_metadata,
    read_openvino_metadata,
)
from lanedet.formats.models.sidecar import read_sidecar, sidecar_of, sidecar_text

__all__ = [
    "EXPORT_KEY",
    "MODEL_KEY",
    "READINGS",
    "RT_INFO",
    "ExportFacts",
    "ModelMetadata",
    "add_onnx_metadata",
    "openvino_metadata",
    "read_onnx_metadata",
    "read_openvino_metadata",
    "read_sidecar",
    "sidecar_of",
    "sidecar_text",
]

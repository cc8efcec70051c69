"""What files of models say of the model that they hold, without a framework."""

from lanedet.formats.models.metadata import (
    EXPORT_KEY,
    MODEL_KEY,
    READINGS,
    ExportFacts,
    ModelMetadata,
)
from lanedet.formats.models.onnx_metadata import add_onnx_metadata, read_onnx_metadata

__all__ = [
    "EXPORT_KEY",
    "MODEL_KEY",
    "READINGS",
    "ExportFacts",
    "ModelMetadata",
    "add_onnx_metadata",
    "read_onnx_metadata",
]

"""What every exported format is made of."""

from typing import NamedTuple

from lanedet.formats.models import ModelMetadata


class OnnxModel(NamedTuple):
    """A graph, and what its file is to say of it."""

    content: bytes
    """The bytes of an ONNX file without metadata."""

    metadata: ModelMetadata

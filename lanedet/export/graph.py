"""From a weights file to the graph that is exported, and its metadata."""

from pathlib import Path
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from lanedet.formats.models import MODEL_KEY, ExportFacts, ModelMetadata
from lanedet.models import (
    LaneBackbone,
    LaneGraph,
    LaneHead,
    LaneNeck,
    load_weights,
    read_checkpoint_header,
    to_plain_operators,
)
from lanedet.models.heads import Reader


class ExportGraph(NamedTuple):
    """A graph of plain operators, ready to be written."""

    graph: LaneGraph
    """The graph in evaluation mode, on the CPU."""

    metadata: ModelMetadata
    """Metadata of the file to be."""

    images: Tensor
    """An input of it, (B, H, W, 3) uint8."""

    place: Tensor
    """The other one, (4,) int64."""


def make_graph(
    weights: Path, *, half: bool = False, raw: bool = False, batch: int | None = None
) -> ExportGraph:
    """Return the graph of a trained detector.

    Args:
        weights: A weights file or training checkpoint that says what model it holds.
        half: Whether the network computes with float16. What is before and behind it,
            from the picture and to the lanes, computes with float32.
        raw: Whether whole maps leave the graph, where the head makes maps.
        batch: Images that it takes at once, at least 1; None for any number.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged, or does not say what model it holds.
    """
    meta = read_checkpoint_header(weights).get("meta", {})
    detector = load_weights(weights).fused()
    height, width = detector.view.input_shape
    detector.backbone = cast(LaneBackbone, to_plain_operators(detector.backbone))
    if detector.neck is not None:
        detector.neck = cast(LaneNeck, to_plain_operators(detector.neck))
    detector.head = cast(LaneHead, to_plain_operators(detector.head))
    detector.requires_grad_(requires_grad=False)
    graph = LaneGraph(detector, raw=raw, half=half).eval()
    graph.reader = cast(Reader, to_plain_operators(graph.reader))
    for module in graph.modules():
        # The exported graph is the same, but takes three quarters of the time to make.
        if isinstance(module, (nn.ReLU, nn.LeakyReLU)):
            module.inplace = False
    facts = ExportFacts(
        readings=graph.reader.kind,
        precision="float16" if half else "float32",
        batch=batch,
    )
    labels = {
        name: text
        for name, text in meta.items()
        if isinstance(text, str) and name != MODEL_KEY
    }
    # Two images where there may be any number: one would be taken for the only one.
    images = torch.zeros((batch or 2, height, width, 3), dtype=torch.uint8)
    place = torch.tensor([0, height, 0, width])
    return ExportGraph(
        graph, ModelMetadata(meta[MODEL_KEY], facts, labels), images, place
    )

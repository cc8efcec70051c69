"""Small detectors as exported files, each made once a session."""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lanedet.export import FORMATS, ExportOptions, export_model
from lanedet.images import write_image
from lanedet.models import build_model, save_weights

SHAPE = (64, 96)
PLACE = (2, 62, 0, 96)
_DECODER = {"type": "LaneDecoder", "threshold": 0.1, "row_step": 2, "max_gap": 1.0}
_ENET_HEAD = {
    "type": "LaneSegmentationHead",
    "num_lanes": 4,
    "seg_stage": "D2",
    "classifier": {"type": "TransposedConvClassifier"},
    "existence_branch": {"type": "ExistenceBranch", "stage": "E4"},
    "decoder": _DECODER,
}
_ONE_CLASS_HEAD = {
    **_ENET_HEAD,
    "num_lanes": 1,
    "existence_branch": None,
    "decoder": {
        "type": "ComponentLaneDecoder",
        "threshold": 0.55,
        "smoothing": 1,
        "max_gap": 1.0,
    },
}
_LINE_HEAD = {
    "type": "LineHead",
    "num_slots": 4,
    "num_rows": 36,
    "stages": {
        "layer1": {"stride": 4, "offset": 0.0},
        "layer3": {"stride": 8, "offset": 0.0},
    },
}
PARTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "rows": ({"type": "ENet"}, _ENET_HEAD),
    "maps": ({"type": "ENet", "extra_stage": False}, _ONE_CLASS_HEAD),
    "lines": ({"type": "ResNet", "depth": 18}, _LINE_HEAD),
}
"""Backbone and head of a detector, by what leaves its graph."""


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()  # goes with the process


@cache
def weights_file(kind: str) -> Path:
    """Return the weights of a detector of a kind."""
    torch.manual_seed(0)
    backbone, head = PARTS[kind]
    description = {
        "type": "LaneDetector",
        "backbone": backbone,
        "head": head,
        "view": {"type": "LetterboxView", "input_shape": [*SHAPE]},
    }
    path = Path(_folder().name) / f"{kind}.safetensors"
    state = build_model(description).state_dict()
    for name, tensor in state.items():
        # Untrained, they are sure of nothing, and rounding decides.
        if name.endswith("judge.2.weight"):
            tensor *= 1e5
        elif kind == "maps" and name == "head.classifier.weight":
            tensor *= 30
    save_weights(path, description, state, {"licence": "MIT", "seed": "0"})
    return path


@cache
def exported_file(kind: str, format_name: str, **options: Any) -> Path:
    """Return a detector of a kind in a format."""
    name = "_".join([kind, *(f"{key}{value}" for key, value in options.items())])
    out = Path(_folder().name) / f"{name}{FORMATS[format_name].suffix}"
    source = weights_file(kind)
    if options.get("int8"):
        source = exported_file(kind, "onnx")
        options |= {"calibration": _pictures()}
    elif format_name != "onnx":  # most of the time goes into the graph
        source = exported_file(kind, "onnx", **options)
        options = {}
    export_model(source, out, format_name, ExportOptions(**options))
    return out


@cache
def _pictures() -> Path:
    folder = Path(_folder().name) / "pictures"
    for number, picture in enumerate(images(4, seed=5)):
        write_image(folder / f"{number}.png", picture)
    return folder


def images(number: int, seed: int = 1) -> np.ndarray:
    """Return network inputs (B, H, W, 3) uint8."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (number, *SHAPE, 3), dtype=np.uint8)

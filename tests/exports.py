"""Small detectors as exported files, each made once for all workers of a session."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from torch import nn

from lanedet.export import FORMATS, ExportOptions, export_model
from lanedet.images import write_image
from lanedet.models import ENet, ResNet, build_model, descriptions, save_weights

SHAPE = (64, 96)
PLACE = (2, 62, 0, 96)


def _describable(network: type[nn.Module]) -> type[nn.Module]:
    """Let weights files name a class, which they may of the package only.

    Returns the same class each time that pytest reads this file, which it does anew
    when it looks for examples in it.
    """
    return descriptions._DESCRIBABLE.setdefault(network.__name__, network)


@_describable
class ShortENet(ENet):
    """ENet with a block of each kind: what takes time to export is their number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.e1, self.d1 = self.e1[:1], self.d1[:1]
        self.e2, self.e3 = self.e2[1:3], self.e3[:1]  # dilated, asymmetric; plain
        if self.e4 is not None:
            self.e4 = self.e4[:1]


@_describable
class ShortResNet(ResNet):
    """ResNet-18 with a block a stage, and none in the last: no head here reads it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name in ("layer1", "layer2", "layer3"):
            self.register_module(name, getattr(self, name)[:1])
        self.layer4 = nn.Sequential()


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
    "curved_sketch": True,
}
_CONTEXT = {
    "E2": [{"type": "SelfAttention2d"}, {"type": "ChannelAndPixelGate"}],
}
PARTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "rows": ({"type": "ShortENet", "context": _CONTEXT}, _ENET_HEAD),
    "maps": ({"type": "ShortENet", "extra_stage": False}, _ONE_CLASS_HEAD),
    "lines": ({"type": "ShortResNet", "depth": 18}, _LINE_HEAD),
}
"""Backbone and head of a detector, by what leaves its graph."""


@contextmanager
def _made_once(out: Path) -> Iterator[bool]:
    """Say whether a file is to be made, and let the other workers wait for it."""
    with FileLock(f"{out}.lock"):
        yield not out.exists()


def _folder() -> Path:
    return Path(os.environ["LANEDET_TESTS_EXPORTS"])  # of all workers, see conftest.py


@cache
def weights_file(kind: str) -> Path:
    """Return the weights of a detector of a kind."""
    backbone, head = PARTS[kind]
    description = {
        "type": "LaneDetector",
        "backbone": backbone,
        "head": head,
        "view": {"type": "LetterboxView", "input_shape": [*SHAPE]},
    }
    path = _folder() / f"{kind}.safetensors"
    with _made_once(path) as is_missing:
        if is_missing:
            _write_weights(kind, description, path)
    return path


def _write_weights(kind: str, description: dict[str, Any], path: Path) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = build_model(description).state_dict()
    for name, tensor in state.items():
        # Untrained, they are sure of nothing, and rounding decides.
        if name.endswith("judge.2.weight"):
            tensor *= 1e5
        elif name.endswith("sketch.bend.weight"):  # untrained, it bends nothing
            tensor.normal_(std=0.1)
        elif name.endswith("gamma"):
            tensor.fill_(1.0)  # it begins with 0, and the layer with nothing
        elif kind == "maps" and name == "head.classifier.weight":
            tensor *= 30
    save_weights(path, description, state, {"licence": "MIT", "seed": "0"})


@cache
def exported_file(kind: str, format_name: str, **options: Any) -> Path:
    """Return a detector of a kind in a format."""
    name = "_".join([kind, *(f"{key}{value}" for key, value in options.items())])
    out = _folder() / f"{name}{FORMATS[format_name].suffix}"
    with _made_once(out) as is_missing:
        if is_missing:
            _export(kind, format_name, out, options)
    return out


def _export(kind: str, format_name: str, out: Path, options: dict[str, Any]) -> None:
    source = weights_file(kind)
    if options.get("int8"):
        source = exported_file(kind, "onnx")
        options |= {"calibration": _pictures()}
    elif format_name != "onnx":  # most of the time goes into the graph
        source = exported_file(kind, "onnx", **options)
        options = {}
    export_model(source, out, format_name, ExportOptions(**options))


def _pictures() -> Path:
    folder = _folder() / "pictures"
    for number, picture in enumerate(images(4, seed=5)):
        write_image(folder / f"{number}.png", picture)
    return folder


def images(number: int, seed: int = 1) -> np.ndarray:
    """Return network inputs (B, H, W, 3) uint8."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (number, *SHAPE, 3), dtype=np.uint8)

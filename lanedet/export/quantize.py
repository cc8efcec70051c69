"""Convolutions of an ONNX model in INT8, by NNCF.

Only convolutions are: with everything quantised, the package's model found lanes with
an accuracy of 0.82 in place of 0.92 on real TuSimple frames, as softmax, half heights
and the masks of the unpooling do not survive it. Numbers are signed, and zero points
0, as TensorRT wants them.
"""

import contextlib
import io
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from lanedet.arrays import ByteArray
from lanedet.export.onnx_model import OnnxModel
from lanedet.images import find_images, read_image
from lanedet.inference import HostParts
from lanedet.runtime import needs_extra
from lanedet.simulation import make_scene

_MAX_IMAGES = 300
_NUM_SCENES, _SCENE_SEED, _SCENE_SHAPE = 100, 7, (360, 640)
_TALKATIVE = ("nncf", "torch.utils.cpp_extension")


def calibration_images(source: Path | str | None) -> Iterator[ByteArray]:
    """Return pictures (H, W, 3) uint8 that show what a network will see.

    They are looked for at once, and made or read when their turn comes.

    Args:
        source: An image, a folder or a pattern, of which 300 are taken at most, evenly;
            or None for 100 generated scenes.

    Raises:
        FileNotFoundError: If there is no such image or folder, or no image in it.
        ValueError: If a file is no whole image.
    """
    if source is None:
        return (
            make_scene(_SCENE_SEED, number, _SCENE_SHAPE)[0]
            for number in range(_NUM_SCENES)
        )
    found = find_images(source)
    step = -(-len(found) // _MAX_IMAGES)
    return (read_image(path) for path in found[::step])


def quantize(model: OnnxModel, images: Iterable[ByteArray]) -> OnnxModel:
    """Return a model whose convolutions compute with INT8.

    Args:
        model: In float32.
        images: Pictures that show what it will see, (H, W, 3) uint8, of any size; the
            first 300 are looked at.

    Raises:
        ValueError: If there is no picture, or what quantises is not there.
    """
    # NNCF reports each run to its maker, unless it takes itself to be tested.
    os.environ.setdefault("NNCF_CI", "1")
    with needs_extra("INT8", "export"), _quiet():
        import nncf
        import onnx

    view = HostParts.from_description(model.metadata.description).view
    graph = onnx.load_model_from_string(model.content)
    size = model.metadata.facts.batch or 1
    names = {each.name for each in graph.graph.input}
    inputs = []
    for image in islice(images, _MAX_IMAGES):
        made = view((image.shape[0], image.shape[1]))
        pixels = np.repeat(made.warp(image)[None], size, axis=0)
        given = {"images": pixels, "place": np.array(made.place)}
        inputs.append({name: given[name] for name in names})
    if not inputs:
        raise ValueError("INT8 needs at least one picture to be calibrated on, got 0.")
    others = sorted({node.op_type for node in graph.graph.node} - {"Conv"})
    with _quiet():
        quantized = nncf.quantize(
            graph,
            nncf.Dataset(inputs),
            preset=nncf.QuantizationPreset.PERFORMANCE,
            subset_size=len(inputs),
            ignored_scope=nncf.IgnoredScope(types=others, validate=False),
        )
    _make_signed(quantized, onnx)
    facts = replace(model.metadata.facts, precision="int8")
    metadata = replace(model.metadata, facts=facts)
    return OnnxModel(quantized.SerializeToString(), metadata)


def _make_signed(graph: Any, onnx: Any) -> None:
    """Let what is quantised from 0 to 255 be so from 0 to 127: TensorRT has no uint8.

    Args:
        graph: An ``onnx.ModelProto``, which is changed.
        onnx: The package.
    """
    del graph.graph.value_info[:]  # with the types from before
    numbers = {each.name: each for each in graph.graph.initializer}
    pairs = {
        (node.input[1], node.input[2])
        for node in graph.graph.node
        if node.op_type in ("QuantizeLinear", "DequantizeLinear")
    }
    for scale, zero_point in pairs:
        zeros = onnx.numpy_helper.to_array(numbers[zero_point])
        if zeros.dtype != np.uint8:
            continue
        wide = onnx.numpy_helper.to_array(numbers[scale]) * np.float32(255 / 127)
        for name, array in ((scale, wide), (zero_point, zeros.astype(np.int8))):
            numbers[name].CopyFrom(onnx.numpy_helper.from_array(array, name))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep NNCF's reports of its progress, and its bars, from the terminal.

    With it comes the part of PyTorch that compiles, which may warn of missing GPUs.
    """
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

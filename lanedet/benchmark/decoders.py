"""Where decoded lanes lie beside the true ones, by position along the lane.

The same maps of the same scenes are read twice: by the rule of the paper, which takes
the mean over 9x9 pixels first, and as they are. Scenes are those of RoadScenes'
validation set, drawn in memory; with another --shape they are as many of that size.

position  of ten points along a found lane, from its lower end to its upper one
error     px of the scene, positive outwards: to the side to which the lane leans on
          its way down. Its median over lanes shows what is systematic
size      px: the median without signs
ms        of the processor, to decode one image
"""

import argparse
import copy
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from lanedet.arrays import ByteArray, FloatArray
from lanedet.benchmark.timing import (
    add_common_arguments,
    format_table,
    hardware_line,
    time_in_turns,
    write_json,
)
from lanedet.inference import default_weights
from lanedet.models import LaneDetector, load_weights
from lanedet.ops import DecodedLane, LaneDecoder, ViewTransform, xs_at_rows
from lanedet.runtime import progress_bar
from lanedet.simulation import make_scene
from lanedet.simulation.export.scene_files import BENCHMARK_SEEDS

NUM_POSITIONS = 10
_PAPER_SMOOTHING = 9
_FARTHEST = 0.03  # of the width: a lane that is farther away is another one
_LEAST_COMMON = 0.05  # of the height, that two lanes must share to be compared


class Maps(NamedTuple):
    """What a decoder reads of one scene, and the truth."""

    lane_probs: NDArray[np.float32]
    """(K, H, W) of the network input, in [0, 1]."""

    existence: NDArray[np.float32]
    """(K,) in [0, 1]."""

    view: ViewTransform
    """How the scene became the network input."""

    truth: list[FloatArray]
    """Labelled lanes, each (N, 2) in pixels of the scene."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "--weights", help="weights or checkpoint (default: those of the package)"
    )
    parser.add_argument("--num", type=int, default=100, help="scenes (default: 100)")
    parser.add_argument(
        "--shape",
        type=int,
        nargs=2,
        metavar=("H", "W"),
        default=(288, 800),
        help="size of the scenes (default: RoadScenes' 288 800)",
    )
    add_common_arguments(parser, rounds=3)


def run(args: argparse.Namespace) -> None:
    """Measure and print a table.

    Raises:
        FileNotFoundError: If there are no such weights.
        ValueError: If a number is out of its range, the weights' decoder is none of
            single lanes, or no lane is found.
    """
    for name in ("num", "rounds"):
        if getattr(args, name) < 1:
            raise ValueError(f"--{name} must be at least 1.")
    detector = load_weights(args.weights or default_weights(), torch.device("cpu"))
    own = detector.head.decode
    if not isinstance(own, LaneDecoder):
        raise ValueError(
            "The weights must have a LaneDecoder, which reads a map for each lane, got "
            f"{type(own).__name__}."
        )
    scenes = list(_scenes(detector.fused(), args.num, tuple(args.shape)))
    decoders = {
        "paper's rule": _with_smoothing(own, _PAPER_SMOOTHING),
        "as they are": _with_smoothing(own, None),
    }
    timings = time_in_turns(
        {name: partial(_decode, decoder, scenes) for name, decoder in decoders.items()},
        args.rounds,
        time.process_time,
    )
    rows, report = [], {}
    for name, decoder in decoders.items():
        errors = np.concatenate(
            [
                errors_along(lane.points, scene.truth, scene.view.ori_shape)[None]
                for scene, lanes in zip(scenes, _decode(decoder, scenes), strict=True)
                for lane in lanes
            ]
            or [np.zeros((0, NUM_POSITIONS))]
        )
        errors = errors[~np.isnan(errors).all(axis=1)]
        if len(errors) == 0:
            raise ValueError("No lane was found in these scenes. Take more of them.")
        signed = np.nanmedian(errors, axis=0)
        size = np.nanmedian(np.abs(errors), axis=0)
        ms = timings[name].per(len(scenes)).median_s * 1e3
        rows.append([f"{name}, error", *_cells(signed), f"{len(errors)}", f"{ms:.2f}"])
        rows.append([f"{name}, size", *_cells(size), "", ""])
        report[name] = {
            "error_px": signed.tolist(),
            "size_px": size.tolist(),
            "lanes": len(errors),
            "ms": ms,
        }
    height, width = args.shape
    print(f"{args.num} scenes of {width}x{height}; {hardware_line()}")
    positions = [f"{(n + 0.5) / NUM_POSITIONS:.0%}" for n in range(NUM_POSITIONS)]
    print(format_table(["maps read", *positions, "lanes", "ms"], rows))
    write_json(args.json, {"scenes": args.num, "shape": [height, width], **report})


def errors_along(
    lane: FloatArray, truth: Sequence[FloatArray], shape: tuple[int, int]
) -> FloatArray:
    """Return how far a found lane lies from the true one at ten positions along it.

    Args:
        lane: Polyline, (N, 2), in pixels of the scene.
        truth: All true lanes, each (M, 2).
        shape: (H, W) of the scene.

    Returns:
        (10,) px, from the lower end to the upper one, positive outwards: to the side
        to which the true lane leans on its way down. NaN where it does not cross the
        row, and everywhere if no true lane is near.
    """
    low, high = lane[:, 1].max(), lane[:, 1].min()
    share = (np.arange(NUM_POSITIONS) + 0.5) / NUM_POSITIONS
    rows = low + (high - low) * share
    best, errors = _FARTHEST * shape[1], np.full(NUM_POSITIONS, np.nan)
    for true in truth:
        common = min(low, true[:, 1].max()) - max(high, true[:, 1].min())
        if not common > _LEAST_COMMON * shape[0]:
            continue
        beside = xs_at_rows(lane, rows) - xs_at_rows(true, rows)
        away = np.nanmedian(np.abs(beside)) if np.isfinite(beside).any() else np.inf
        if away < best:
            ends = true[true[:, 1].argmax(), 0] - true[true[:, 1].argmin(), 0]
            best, errors = away, beside * (np.sign(ends) or 1.0)
    return errors


def _with_smoothing(decoder: LaneDecoder, smoothing: int | None) -> LaneDecoder:
    other = copy.copy(decoder)
    other.smoothing = smoothing
    return other


@torch.inference_mode()
def _scenes(
    detector: LaneDetector, number: int, shape: tuple[int, int]
) -> Iterator[Maps]:
    make_view: Callable[[tuple[int, int]], ViewTransform] = detector.view
    for index in progress_bar(range(number), desc="scenes", unit="scene"):
        image, sample = make_scene(BENCHMARK_SEEDS["val"], index, shape, "culane")
        view = make_view(shape)
        outputs = detector(_input_of(detector, view.warp(image)))
        probs = outputs.seg_logits.float().softmax(dim=1)[0, 1:].numpy()
        existence = np.ones(len(probs), dtype=np.float32)
        if outputs.existence_logits is not None:
            existence = outputs.existence_logits.float().sigmoid()[0].numpy()
        yield Maps(probs, existence, view, sample.gt_lanes)


def _input_of(detector: LaneDetector, image: ByteArray) -> torch.Tensor:
    """Return the network's input (1, 3, H, W) of a warped image (H, W, 3)."""
    normalise = detector.data_preprocessor
    planes = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    return (planes - normalise.mean) / normalise.std


def _decode(decoder: LaneDecoder, scenes: Sequence[Maps]) -> list[list[DecodedLane]]:
    return [decoder(each.lane_probs, each.existence, each.view) for each in scenes]


def _cells(values: FloatArray) -> list[str]:
    return [f"{value:.1f}" for value in values]

"""Samples of a config's data set as the network is given them, to look at."""

import copy
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.dataset import Compose

from lanedet.arrays import ByteArray
from lanedet.datasets import ApplyView, Augment
from lanedet.engine.config_parts import built_by
from lanedet.engine.shared_values import build_dataset, fit_to_model
from lanedet.images import read_image
from lanedet.ops import decode_line
from lanedet.structures import LaneSample
from lanedet.visualization import draw_caption, draw_class_map, draw_lanes

_LONGEST_NAME = 240  # bytes: with a suffix, a file system takes it


class SamplePicture(NamedTuple):
    """One sample, drawn."""

    name: str
    """Number in the data set and name of the image, without a suffix."""

    image: ByteArray
    """(H, W, 3) uint8, RGB."""


def draw_samples(config: Config, split: str, num: int) -> Iterator[SamplePicture]:
    """Yield pictures of samples that are spread evenly over a split.

    Side by side stand the original image with its lanes in the colors of their slots,
    what the network is given of it without augmentation, and what it is given with it,
    each with its class map where the split's pipeline draws one.

    Args:
        config: Config of the data.
        split: ``train``, ``val`` or ``test``.
        num: Number of pictures, at least 1; not more than there are samples.

    Raises:
        FileNotFoundError: If the data set or an image is missing.
        ValueError: If the config has no such split, ``num`` is below 1, or a label or
            image is broken.
    """
    loader = config.get(f"{split}_dataloader")
    if not loader:
        raise ValueError(f"The config has no {split}_dataloader to show.")
    if num < 1:
        raise ValueError(f"The number of pictures must be at least 1, got {num}.")
    head = config.model.head
    num_slots = head.get("num_lanes", head.get("num_slots"))
    augmented = build_dataset(config, split)
    still = copy.copy(augmented)
    pipeline = fit_to_model(loader.dataset, config.model).pipeline
    still.pipeline = Compose(without_augmentation(pipeline))
    spread = np.linspace(0, len(augmented) - 1, min(num, len(augmented)))
    for index in np.unique(np.rint(spread).astype(int)).tolist():
        plain, changed = still[index], augmented[index]
        sample: LaneSample = plain["data_samples"]
        panels = [
            _draw_original(sample, num_slots),
            _draw_input(plain, num_slots, "input"),
            _draw_input(changed, num_slots, "augmented"),
        ]
        yield SamplePicture(_picture_name(index, sample), _beside(panels))


def _picture_name(index: int, sample: LaneSample) -> str:
    """Return a name that the index makes unique, so that it may lose letters."""
    place = "_".join(Path(sample.img_path).with_suffix("").parts[-2:])
    encoded = os.fsencode(f"{index:06d}_{place}")[:_LONGEST_NAME]
    return encoded.decode("utf-8", "ignore")


def without_augmentation(pipeline: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a pipeline without its random changes."""
    kept = []
    for step in pipeline:
        kind = built_by(step, "pipeline")
        without = ("motion",) if kind is ApplyView else ()
        if kind is not Augment:
            kept.append({key: step[key] for key in step if key not in without})
    return kept


def _draw_original(sample: LaneSample, num_slots: int) -> ByteArray:
    drawn = draw_lanes(
        read_image(sample.img_path), sample.gt_lanes, num_slots=num_slots
    )
    return draw_caption(drawn, f"original, {len(sample.gt_lanes)} lanes")


def _draw_input(prepared: Mapping[str, Any], num_slots: int, caption: str) -> ByteArray:
    image = np.ascontiguousarray(prepared["inputs"].numpy().transpose(1, 2, 0))
    sample: LaneSample = prepared["data_samples"]
    if "gt_lines" in sample:
        lines = sample.gt_lines
        lanes = [decode_line(line, image.shape[:2]) for line in lines]
        drawn = draw_lanes(image, lanes, num_slots=num_slots)
        return draw_caption(drawn, f"{caption}, {len(lanes)} lines")
    if "gt_class_map" not in sample:
        lanes = [sample.view.to_input(lane) for lane in sample.gt_lanes]
        return draw_caption(draw_lanes(image, lanes, num_slots=num_slots), caption)
    drawn = draw_class_map(image, sample.gt_class_map, num_slots)
    slots = np.flatnonzero(sample.gt_existence).tolist()
    return draw_caption(drawn, f"{caption}, slots {slots}")


def _beside(panels: Sequence[ByteArray]) -> ByteArray:
    """Put pictures side by side, at the height of the smallest."""
    height = min(len(panel) for panel in panels)
    sized = [
        cv2.resize(
            panel,
            (round(panel.shape[1] * height / len(panel)), height),
            interpolation=cv2.INTER_AREA,
        )
        for panel in panels
    ]
    return np.concatenate(sized, axis=1)

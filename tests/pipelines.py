"""A picture on its way through a pipeline, for tests of the transforms."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lanedet.structures import LaneSample


def make_results(**changes: Any) -> dict[str, Any]:
    """A 48x80 image with one bright dot, and a lane whose first point is the dot."""
    image = np.zeros((48, 80, 3), dtype=np.uint8)
    image[29:32, 59:62] = 255  # centre (60, 30)
    lane = np.array([[60.0, 30.0], [50.0, 10.0]])
    return {
        "inputs": image,
        "input_lanes": [lane],
        "data_samples": LaneSample(),
        "rng": np.random.default_rng(0),
        **changes,
    }


def centre_of_light(image: np.ndarray) -> np.ndarray:
    weights = image[..., 0].astype(float)
    rows, columns = np.indices(weights.shape)
    total = weights.sum()
    return np.array([(columns * weights).sum(), (rows * weights).sum()]) / total


def write_dot(path: Path, shape: tuple[int, int], x: float, y: float) -> LaneSample:
    """Write a picture of a soft dot, and return a sample with a lane through it."""
    ys, xs = np.indices(shape)
    dot = 255 * np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / 60)
    colors = np.repeat(dot[..., None], 3, axis=2).astype(np.uint8)
    cv2.imwrite(str(path), colors, [cv2.IMWRITE_JPEG_QUALITY, 98])
    sample = LaneSample(metainfo={"img_path": str(path)})
    sample.gt_lanes = [np.array([[x, y], [x - 30.0, y - 40.0]])]
    return sample

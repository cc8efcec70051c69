"""The original image as the network sees it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from mmengine.registry import FUNCTIONS

from lanedet.arrays import ByteArray
from lanedet.datasets.transforms.results import Results
from lanedet.ops import map_points, resize_matrix, warp_image
from lanedet.structures import LaneSample


class ApplyView:
    """Turn the original image into the network input.

    Adds ``input_lanes`` and ``matrix``.

    With a motion, view and motion are one map, and the image is sampled once.

    Args:
        view: Config of the detector's view.
        motion: Config of a :class:`RandomMotion`, for training.
    """

    def __init__(
        self, view: Mapping[str, Any], motion: Mapping[str, Any] | None = None
    ) -> None:
        self.view = FUNCTIONS.build(dict(view))
        self.motion = None if motion is None else FUNCTIONS.build(dict(motion))

    def __call__(self, results: Results) -> Results:
        """Replace ``inputs``; the sample keeps the view for the way back.

        Raises:
            ValueError: If the image was shrunk to less than the network takes in, or
                the labels were made for an image of another size.
        """
        sample = results["data_samples"]
        image: ByteArray = results["inputs"]
        _check_lanes_fit(sample)
        view = self.view(sample.ori_shape)
        sample.set_metainfo({"view": view})
        whole = image.shape[:2] == tuple(sample.ori_shape)
        matrix = view.matrix
        if self.motion is not None:
            matrix = self.motion(results["rng"], view.input_shape) @ matrix
        elif whole:
            return results | {
                "inputs": view.warp(image),
                "input_lanes": [view.to_input(lane) for lane in sample.gt_lanes],
                "matrix": matrix,
            }
        to_original = resize_matrix(image.shape[:2], sample.ori_shape)
        if not whole and (view.scale * np.diag(to_original)[:2]).max() > 1 + 1e-9:
            raise ValueError(
                f"The network sees an image of {sample.ori_shape} at {view.scale.max()}"
                f" of its size, and LoadImage left {image.shape[:2]} of it. Take a "
                "smaller shrink."
            )
        return results | {
            "inputs": warp_image(image, matrix @ to_original, view.input_shape),
            "input_lanes": [map_points(lane, matrix) for lane in sample.gt_lanes],
            "matrix": matrix,
        }


def _check_lanes_fit(sample: LaneSample) -> None:
    """Raise ValueError if lanes lie where no label of this image could lie.

    Labels may go on a little beyond the image: CULane's last row is the image's
    height, and its lanes reach 60 px out at the sides.
    """
    height, width = sample.ori_shape
    for lane in sample.gt_lanes:
        if len(lane) == 0:
            continue
        (left, _), (right, bottom) = lane.min(axis=0), lane.max(axis=0)
        if bottom > 1.1 * height or left < -width or right > 2 * width:
            raise ValueError(
                f"The labels of {sample.get('img_path')!r} must be made for its size, "
                f"{width}x{height}, got a lane that reaches down to y = {bottom:.0f} "
                f"and from x = {left:.0f} to {right:.0f}. Use the images at the size "
                "at which they were labelled, or say that size: label_shape=(H, W) of "
                "the data set."
            )

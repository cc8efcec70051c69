"""From a sample's image file to the network input and its labels.

A pipeline is a list of these transforms. They hand on one dict:

* ``data_samples``: the :class:`~lanedet.structures.LaneSample`. Its ``gt_lanes`` stay
  in pixels of the original image.
* ``inputs``: the image, (H, W, 3) uint8 RGB, at last a tensor (3, H, W).
* ``input_lanes``: the lanes in the frame of ``inputs``; they move with the image.
* ``matrix``: the 3x3 map from the original image to the network input.
* ``rng``: the NumPy generator of this draw.

This is the one file that knows albumentations.
"""

import difflib
import os
import random
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.registry import FUNCTIONS

from lanedet.arrays import ByteArray, FloatArray
from lanedet.images import read_shrunk_image
from lanedet.ops import (
    assign_slots,
    check_line_width,
    encode_lines,
    map_points,
    rasterize_lanes,
    resize_matrix,
    warp_image,
)
from lanedet.structures import LaneSample

# On import albumentations would ask the network whether a newer release exists.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
import albumentations as A

Results = dict[str, Any]


class LoadImage:
    """Read the image of a sample: adds ``inputs`` and the sample's ``ori_shape``.

    Args:
        shrink: 2, 4 or 8 to decode JPEGs at that fraction of their size, which is
            faster (:func:`lanedet.images.read_shrunk_image`). At half size a pixel is
            nearly the mean of 2x2: on 63 real frames the network inputs differed by a
            fifth of a grey level on average, by more than 3 in one value of a
            thousand, and by 23 at most. ``ApplyView`` refuses it where the network
            would see less for it.
    """

    def __init__(self, shrink: int = 1) -> None:
        self.shrink = shrink

    def __call__(self, results: Results) -> Results:
        """Raise FileNotFoundError or ValueError if there is no image to read."""
        sample = results["data_samples"]
        try:
            image, ori_shape = read_shrunk_image(sample.img_path, self.shrink)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"No image at {sample.img_path!r}, though a label names it. Is "
                "data_root (--data-root) the folder of the whole data set?"
            ) from error
        if "label_shape" in sample and sample.ori_shape != ori_shape:
            raise ValueError(
                f"The labels of {sample.img_path!r} were scaled to the (H, W) that its "
                f"header tells, {sample.ori_shape}, but the image is {ori_shape}: an "
                "EXIF tag turns it. Store it upright."
            )
        sample.set_metainfo({"ori_shape": ori_shape})
        return results | {"inputs": image}


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


class Augment:
    """Change image and lanes at random, with transforms of albumentations.

    The network input is changed, not the original image, and its size stays. Lanes
    move with the image; points may leave it. For what moves the image as a whole,
    ``motion`` of :class:`ApplyView` is faster and samples the image only once.

    Args:
        transforms: One dict each: ``name`` of a class in albumentations and its
            arguments, for example ``dict(name="HueSaturationValue", p=0.3)``.

    Raises:
        ValueError: If albumentations has no such transform or argument.
    """

    def __init__(self, transforms: Sequence[Mapping[str, Any]]) -> None:
        changes = [_build_augmentation(**config) for config in transforms]
        self.moves_lanes = any(
            isinstance(change, A.DualTransform) for change in changes
        )
        keypoints = A.KeypointParams(format="xy", remove_invisible=False)
        self.compose = A.Compose(
            changes, keypoint_params=keypoints if self.moves_lanes else None
        )

    def __call__(self, results: Results) -> Results:
        """Draw the changes from ``rng`` and apply them."""
        rng: np.random.Generator = results["rng"]
        self.compose.set_random_state(rng, random.Random(int(rng.integers(2**63))))
        lanes: list[FloatArray] = results["input_lanes"]
        given = {"image": results["inputs"]}
        if self.moves_lanes:
            given["keypoints"] = np.concatenate([*lanes, np.zeros((0, 2))])
        changed = self.compose(**given)
        if changed["image"].shape != results["inputs"].shape:
            raise ValueError(
                "Augmentations must keep the size of the network input "
                f"{results['inputs'].shape[:2]}, got {changed['image'].shape[:2]}."
            )
        if self.moves_lanes and lanes:
            ends = np.cumsum([len(lane) for lane in lanes])[:-1]
            moved = np.asarray(changed["keypoints"], dtype=np.float64)
            lanes = np.split(moved.reshape(-1, 2), ends)
        return results | {"inputs": changed["image"], "input_lanes": lanes}


class RasterizeLanes:
    """Draw the lanes as labels: the sample's ``gt_class_map`` and ``gt_existence``.

    Slots are assigned after augmentation, by what the network sees.

    Args:
        num_lanes: Number of slots K.
        lane_width_px: Width of a drawn lane, in pixels of the network input.

    Raises:
        ValueError: If no line is so wide.
    """

    def __init__(self, num_lanes: int, lane_width_px: float) -> None:
        self.num_lanes = num_lanes
        self.lane_width_px = check_line_width("lane_width_px", lane_width_px)

    def __call__(self, results: Results) -> Results:
        """Add the labels to the sample."""
        slots = assign_slots(results["input_lanes"], self.num_lanes)
        return _add_labels(results, slots, self.num_lanes, self.lane_width_px)


class RasterizeLaneMask:
    """Draw all lanes as one class, for heads that do not tell lanes apart.

    Sets the sample's ``gt_class_map``, 1 on any lane, and ``gt_existence`` of shape
    (1,), 1 if a lane is in sight.

    Args:
        lane_width_px: Width of a drawn lane, in pixels of the network input.
        num_lanes: Number of classes of lanes that the model has: 1.

    Raises:
        ValueError: If the model has more classes, or no line is so wide.
    """

    def __init__(self, lane_width_px: float, num_lanes: int = 1) -> None:
        if num_lanes != 1:
            raise ValueError(
                "RasterizeLaneMask draws all lanes as one class, so num_lanes of the "
                f"model's head must be 1, got {num_lanes}. Use RasterizeLanes."
            )
        self.lane_width_px = check_line_width("lane_width_px", lane_width_px)

    def __call__(self, results: Results) -> Results:
        """Add the labels to the sample."""
        slots = [0] * len(results["input_lanes"])
        return _add_labels(results, slots, 1, self.lane_width_px)


class EncodeLines:
    """Put the lanes on rows, for line heads: the sample's ``gt_lines``, (G, R + 2).

    There are as many as can be seen after augmentation, perhaps none
    (:func:`lanedet.ops.encode_lines` says which).

    Args:
        num_rows: Number of rows R, the same as the head's.
    """

    def __init__(self, num_rows: int) -> None:
        self.num_rows = num_rows

    def __call__(self, results: Results) -> Results:
        """Add the lines to the sample."""
        shape = results["inputs"].shape[:2]
        lines = encode_lines(results["input_lanes"], shape, self.num_rows)
        results["data_samples"].gt_lines = lines
        return results


class ToTensors:
    """Hand over what the detector takes: ``inputs`` (3, H, W) and ``data_samples``."""

    def __call__(self, results: Results) -> Results:
        """Drop everything else."""
        image: ByteArray = results["inputs"]
        planes = np.empty((3, *image.shape[:2]), dtype=np.uint8)
        cv2.split(image, list(planes))  # into them, seven times as fast as transpose
        return {
            "inputs": torch.from_numpy(planes),
            "data_samples": results["data_samples"],
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


def _add_labels(
    results: Results, slots: Sequence[int | None], num_lanes: int, lane_width_px: float
) -> Results:
    """Draw the lanes into the sample; a slot exists if a pixel of it is in sight."""
    shape = results["inputs"].shape[:2]
    class_map = rasterize_lanes(results["input_lanes"], slots, shape, lane_width_px)
    existence = np.zeros(num_lanes, dtype=np.float32)
    for slot in {slot for slot in slots if slot is not None}:
        existence[slot] = (class_map == slot + 1).any()
    sample = results["data_samples"]
    sample.gt_class_map = class_map
    sample.gt_existence = existence
    return results


def _build_augmentation(name: str, **arguments: Any) -> A.BasicTransform:
    transform = getattr(A, name, None)
    if not (isinstance(transform, type) and issubclass(transform, A.BasicTransform)):
        known = [key for key in dir(A) if key[0].isupper()]
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"albumentations has no transform {name!r}.{hint}")
    with warnings.catch_warnings():
        # It only warns of an argument that it does not know, and goes on without.
        warnings.simplefilter("error", UserWarning)
        try:
            return transform(**arguments)
        except (UserWarning, TypeError) as problem:
            raise ValueError(f"albumentations.{name}: {problem}") from problem

"""From a sample's image file to the network input and its labels.

A pipeline is a list of these transforms. They hand on one dict:

* ``data_samples``: the :class:`~lanedet.structures.LaneSample`. Its ``gt_lanes`` stay
  in pixels of the original image.
* ``inputs``: the image, (H, W, 3) uint8 RGB, at last a tensor (3, H, W).
* ``input_lanes``: the lanes in the frame of ``inputs``; they move with the image.
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

from lanedet.ops import assign_slots, rasterize_lanes
from lanedet.structures import FloatArray

# On import albumentations would ask the network whether a newer release exists.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
import albumentations as A

Results = dict[str, Any]


class LoadImage:
    """Read the image of a sample: adds ``inputs`` and the sample's ``ori_shape``."""

    def __call__(self, results: Results) -> Results:
        """Raise FileNotFoundError or ValueError if there is no image to read."""
        sample = results["data_samples"]
        image = cv2.imread(sample.img_path, cv2.IMREAD_COLOR_RGB)
        if image is None:
            if not os.path.exists(sample.img_path):  # noqa: PTH110
                raise FileNotFoundError(
                    f"No image at {sample.img_path!r}, though a label names it. "
                    "The data set is incomplete, or data_root is wrong."
                )
            raise ValueError(
                f"{sample.img_path!r} cannot be read as an image. Fetch it again, or "
                "take its line out of the label file."
            )
        sample.set_metainfo({"ori_shape": image.shape[:2]})
        return results | {"inputs": image}


class ApplyView:
    """Turn the original image into the network input: adds ``input_lanes``.

    Args:
        view: Config of the view, the same as the detector's.
    """

    def __init__(self, view: Mapping[str, Any]) -> None:
        self.view = FUNCTIONS.build(dict(view))

    def __call__(self, results: Results) -> Results:
        """Replace ``inputs``; the sample keeps the view for the way back."""
        sample = results["data_samples"]
        view = self.view(sample.ori_shape)
        sample.set_metainfo({"view": view})
        return results | {
            "inputs": view.warp(results["inputs"]),
            "input_lanes": [view.to_input(lane) for lane in sample.gt_lanes],
        }


class Augment:
    """Change image and lanes at random, with transforms of albumentations.

    The network input is changed, not the original image, and its size stays. Lanes
    move with the image; points may leave it.

    Args:
        transforms: One dict each: ``name`` of a class in albumentations and its
            arguments, for example ``dict(name="HorizontalFlip", p=0.5)``.

    Raises:
        ValueError: If albumentations has no such transform or argument.
    """

    def __init__(self, transforms: Sequence[Mapping[str, Any]]) -> None:
        self.compose = A.Compose(
            [_build_augmentation(**config) for config in transforms],
            keypoint_params=A.KeypointParams(format="xy", remove_invisible=False),
        )

    def __call__(self, results: Results) -> Results:
        """Draw the changes from ``rng`` and apply them."""
        rng: np.random.Generator = results["rng"]
        self.compose.set_random_state(rng, random.Random(int(rng.integers(2**63))))
        lanes: list[FloatArray] = results["input_lanes"]
        points = np.concatenate([*lanes, np.zeros((0, 2))])
        changed = self.compose(image=results["inputs"], keypoints=points)
        if changed["image"].shape != results["inputs"].shape:
            raise ValueError(
                "Augmentations must keep the size of the network input "
                f"{results['inputs'].shape[:2]}, got {changed['image'].shape[:2]}."
            )
        ends = np.cumsum([len(lane) for lane in lanes])[:-1]
        moved = np.asarray(changed["keypoints"], dtype=np.float64).reshape(-1, 2)
        return results | {
            "inputs": changed["image"],
            "input_lanes": np.split(moved, ends) if lanes else [],
        }


class RasterizeLanes:
    """Draw the lanes as labels: the sample's ``gt_class_map`` and ``gt_existence``.

    Slots are assigned after augmentation, by what the network sees.

    Args:
        num_lanes: Number of slots K.
        lane_width_px: Width of a drawn lane, in pixels of the network input.
    """

    def __init__(self, num_lanes: int, lane_width_px: float) -> None:
        self.num_lanes = num_lanes
        self.lane_width_px = lane_width_px

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
    """

    def __init__(self, lane_width_px: float) -> None:
        self.lane_width_px = lane_width_px

    def __call__(self, results: Results) -> Results:
        """Add the labels to the sample."""
        slots = [0] * len(results["input_lanes"])
        return _add_labels(results, slots, 1, self.lane_width_px)


class PackInputs:
    """Hand over what the detector takes: ``inputs`` (3, H, W) and ``data_samples``."""

    def __call__(self, results: Results) -> Results:
        """Drop everything else."""
        planes = np.ascontiguousarray(results["inputs"].transpose(2, 0, 1))
        return {
            "inputs": torch.from_numpy(planes),
            "data_samples": results["data_samples"],
        }


def _add_labels(
    results: Results, slots: Sequence[int | None], num_lanes: int, lane_width_px: float
) -> Results:
    """Draw the lanes into the sample; a slot exists if a pixel of it is in sight."""
    shape = results["inputs"].shape[:2]
    class_map = rasterize_lanes(results["input_lanes"], slots, shape, lane_width_px)
    pixels = np.bincount(class_map.ravel(), minlength=num_lanes + 1)
    sample = results["data_samples"]
    sample.gt_class_map = torch.from_numpy(class_map)
    sample.gt_existence = torch.from_numpy((pixels[1:] > 0).astype(np.float32))
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

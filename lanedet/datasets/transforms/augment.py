"""Random changes of the network input.

This is the one file that knows albumentations.
"""

import difflib
import os
import random
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.datasets.transforms.results import Results

# On import albumentations would ask the network whether a newer release exists.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
if TYPE_CHECKING:
    from albumentations import BasicTransform


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
        # Importing it takes half a second, which others need not wait for.
        import albumentations as A

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


def _build_augmentation(name: str, **arguments: Any) -> "BasicTransform":
    import albumentations as A

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

"""The user's object: trained weights that find lanes in images."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lanedet.models import load_weights, stage_energies
from lanedet.structures import ByteArray, LaneSample


class LaneInferencer:
    """Find lanes with a trained detector.

    Args:
        weights: A weights file (``.safetensors``) or a training checkpoint (``.pth``).
            Nothing in it is run as code.
        device: Such as ``cpu`` or ``cuda:0``. If not given, a GPU where there is one.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no lane detector, or there is no such device.

    Attributes:
        num_slots: Number of slots K in which the detector places lanes.

    Example:
        >>> inferencer = LaneInferencer("weights.safetensors")  # doctest: +SKIP
        >>> (sample,) = inferencer.predict([image])  # doctest: +SKIP
        >>> sample.pred_lanes[0].shape  # doctest: +SKIP
        (40, 2)
    """

    def __init__(self, weights: Path | str, device: str | None = None) -> None:
        self.device = _usable_device(device)
        self._detector = load_weights(weights, self.device)
        self._detector.to(memory_format=torch.channels_last)
        self.num_slots: int = self._detector.head.num_lanes

    @torch.inference_mode()
    def predict(self, images: Sequence[ByteArray]) -> list[LaneSample]:
        """Return the lanes of each image, all of them found in one pass.

        Args:
            images: Each (H, W, 3) uint8, RGB. They may differ in size.

        Returns:
            One sample per image, with ``pred_lanes`` in pixels of that image,
            ``pred_scores`` in [0, 1] and ``pred_slots``, leftmost slot first.

        Raises:
            ValueError: If an image is not (H, W, 3) uint8.
        """
        if not images:
            return []
        inputs, samples = self._prepare(images)
        predicted: list[LaneSample] = self._detector(inputs, samples, mode="predict")
        return predicted

    @torch.inference_mode()
    def attention(
        self, image: ByteArray, stages: Sequence[str] | None = None
    ) -> tuple[LaneSample, dict[str, Tensor]]:
        """Return the lanes of an image and where the network's stages look.

        Args:
            image: (H, W, 3) uint8, RGB.
            stages: Names of the backbone's stages; those of its encoder if not given.

        Returns:
            The image's sample, as :meth:`predict` returns it, with its ``view``; and
            the energy of each stage by name, (h, w) float32 on the CPU, at least 0,
            over the *network input*. ``lanedet.ops.map_to_original(energy.numpy(),
            sample.view)`` brings one onto the image.

        Raises:
            ValueError: If the image is not (H, W, 3) uint8 or there is no such stage.
        """
        inputs, samples = self._prepare([image])
        features = self._detector.extract_features(inputs)
        energies = stage_energies(features, stages)
        [sample] = self._detector.head.predict(features, samples)
        return sample, {stage: energy[0].cpu() for stage, energy in energies.items()}

    def _prepare(self, images: Sequence[ByteArray]) -> tuple[Tensor, list[LaneSample]]:
        """Return the network's inputs (B, 3, H, W) and a sample for each image."""
        inputs, samples = [], []
        for image in images:
            if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
                raise ValueError(
                    f"Images must be (H, W, 3) uint8, got {image.shape} {image.dtype}."
                )
            ori_shape = (image.shape[0], image.shape[1])
            view = self._detector.view(ori_shape)
            inputs.append(torch.from_numpy(view.warp(image)).permute(2, 0, 1))
            samples.append(LaneSample(metainfo={"ori_shape": ori_shape, "view": view}))
        batch = self._detector.data_preprocessor({"inputs": inputs})["inputs"]
        # Convolutions are faster where a pixel's channels lie side by side: ENet
        # takes 21 instead of 27 ms on two CPU cores.
        return batch.contiguous(memory_format=torch.channels_last), samples


def _usable_device(name: str | None) -> torch.device:
    """Return a device on which a tensor could be made."""
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:  # torch built without CUDA asserts
        raise ValueError(
            f"There is no device {name!r} here. Use 'cpu', or leave the device out to "
            "get a GPU where there is one."
        ) from error

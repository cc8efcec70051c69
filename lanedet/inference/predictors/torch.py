"""Networks in PyTorch, from weights files and checkpoints."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lanedet.arrays import ByteArray
from lanedet.inference.host_parts import HostParts, Readings
from lanedet.inference.predictors.predictor import Insight
from lanedet.models import LaneDetector, LaneGraph, pixel_attention, stage_energies


class TorchPredictor:
    """A detector in PyTorch.

    On a CPU whole maps are read where the head makes maps: only what belongs to an
    existing lane is then looked at. Elsewhere rows are, which takes less time than to
    fetch the maps.

    Args:
        detector: In evaluation mode. It is changed, and cannot be trained afterwards.
        device: Where to.
        half: Whether to compute with float16: on a GPU only.

    Raises:
        ValueError: If ``half`` is wanted on a CPU.
    """

    def __init__(
        self, detector: LaneDetector, device: torch.device, *, half: bool = False
    ) -> None:
        is_on_cpu = device.type == "cpu"
        if half and is_on_cpu:
            raise ValueError(
                "half must be off on a CPU, where PyTorch is no faster with float16. "
                "Choose a GPU with device, or leave half out."
            )
        self.device, self.runtime = str(device), f"PyTorch {torch.__version__}"
        self._at = device
        # A copy would take a quarter of the time until the first picture.
        self._detector = detector.to(device).fuse()
        head = self._detector.head
        self.parts = HostParts(self._detector.view, head.decode, head.num_slots)
        self._graph = LaneGraph(self._detector, raw=is_on_cpu, half=half).to(device)
        self.kind = self._graph.reader.kind

    @torch.inference_mode()
    def read(self, images: ByteArray, place: NDArray[np.int64]) -> Readings:
        """Return the readings of a batch, as every predictor does."""
        at = torch.from_numpy(place).to(self._at)
        readings = self._graph(self._tensor(images), at)
        return {name: tensor.cpu().numpy() for name, tensor in readings.items()}

    @property
    def insight(self) -> Insight:
        """What looks into the network."""
        return self

    @torch.inference_mode()
    def energies(
        self, images: ByteArray, stages: Sequence[str] | None
    ) -> dict[str, Tensor]:
        """Return the energy of stages by name, as every insight does."""
        features = self._graph.features(self._tensor(images))
        energies = stage_energies(features, stages)
        return {stage: energy.cpu() for stage, energy in energies.items()}

    def pixel_attention(
        self, images: ByteArray, pixel: tuple[float, float]
    ) -> dict[str, Tensor]:
        """Return with which weights a pixel looks at others, as every insight does."""
        inputs = self._graph.normalise(self._tensor(images))
        return pixel_attention(self._detector, inputs, pixel)

    def _tensor(self, images: ByteArray) -> Tensor:
        return torch.from_numpy(images).to(self._at)

    @contextmanager
    def concurrent(self, num_calls: int) -> Iterator[Callable[[], None]]:  # noqa: ARG002
        """Let several threads read at once, as with every predictor."""
        num_threads = torch.get_num_threads()
        try:
            yield partial(torch.set_num_threads, 1)
        finally:  # the threads' setting is everybody's default
            torch.set_num_threads(num_threads)

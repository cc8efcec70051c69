"""What a lane head must do."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor

from lanedet.models.backbones import StageFeatures
from lanedet.structures import LaneSample


class LaneHead(BaseModule, ABC):
    """Turn stage features into lanes, and into a loss while training.

    A head owns its output format, its losses and its decoding. Lanes leave it in
    pixels of the original image.
    """

    num_lanes: int
    """Number of lane slots K."""

    @property
    @abstractmethod
    def stages(self) -> dict[str, int]:
        """Channels of the stages that the head reads, by name."""

    @abstractmethod
    def check_input_shape(self, input_shape: tuple[int, int]) -> None:
        """Raise ValueError if the head cannot work behind inputs of this (H, W)."""

    @abstractmethod
    def forward(self, features: StageFeatures) -> Any:
        """Return the raw outputs of the network, as tensors."""

    @abstractmethod
    def loss(
        self, features: StageFeatures, data_samples: Sequence[LaneSample]
    ) -> dict[str, Tensor]:
        """Return the weighted training losses; every key starts with ``loss_``."""

    @abstractmethod
    def predict(
        self, features: StageFeatures, data_samples: Sequence[LaneSample]
    ) -> list[LaneSample]:
        """Return the samples with ``pred_lanes``, ``pred_scores``, ``pred_slots``."""

    def predict_lanes(
        self, features: StageFeatures, data_samples: Sequence[LaneSample]
    ) -> list[LaneSample]:
        """Return the same lanes as :meth:`predict`, without what only metrics read."""
        return self.predict(features, data_samples)

"""What a lane head must do."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor

from lanedet.models.backbones import StageFeatures
from lanedet.models.heads.readers import Reader
from lanedet.structures import LaneSample


class LaneHead(BaseModule, ABC):
    """Turn stage features into lanes, and into a loss while training.

    A head owns its output format, its losses and its decoding. Lanes leave it in
    pixels of the original image.

    A detector builds its head, and knows two of its arguments, which a head's config
    leaves out: ``input_shape``, (H, W) of the network input, and ``stage_channels``,
    the channels of the backbone's stages by name.
    """

    num_lanes: int
    """Number of slots K in which training labels name lanes."""

    num_slots: int
    """Number of slots in which lanes are named: as many as it finds at the most."""

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
        """Return the samples with their lanes, in slots as a driver would name them.

        :func:`~lanedet.ops.add_lanes` adds them.
        """

    @abstractmethod
    def reader(self, *, raw: bool = False) -> Reader:
        """Return the part of the decoding that runs behind the network in its graph.

        Args:
            raw: Whether all that the head predicts leaves the graph, and not only what
                lanes are made of.
        """

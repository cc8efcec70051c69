"""What a backbone must tell about itself, so that mistakes show before training."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Self

from mmengine.model import BaseModule
from torch import Tensor, nn

StageFeatures = dict[str, Tensor]
"""Output of each stage by name, in the order in which the network computes them."""


class LaneBackbone(BaseModule, ABC):
    """Turn images into features, stage by stage."""

    stride: int
    """Height and width of the input must be multiples of this."""

    stage_channels: dict[str, int]
    """Channels of each stage by name, in the order of computation."""

    context: nn.ModuleDict
    """What runs after each stage that has context layers (:mod:`.context`)."""

    @abstractmethod
    def forward(self, inputs: Tensor) -> StageFeatures:
        """Return the output of every stage.

        Args:
            inputs: Normalised images, (B, 3, H, W), H and W multiples of the stride.

        Returns:
            By the names in :attr:`stage_channels`, each (B, C, h, w).

        Raises:
            ValueError: If H or W is not a multiple of the stride.
        """

    def fuse(self) -> Self:
        """Return the backbone in the form in which it predicts fastest.

        Called in evaluation mode; it may change itself. By default it stays as it is:
        who reads features from inside a network may rely on each of its layers.
        """
        return self

    def in_context(self, stage: str, x: Tensor) -> Tensor:
        """Return the output of a stage after its context layers, if it has any."""
        return self.context[stage](x) if stage in self.context else x

    def check_size(self, size: Sequence[int]) -> None:
        """Raise ValueError unless H and W of ``size`` are multiples of the stride."""
        for name, length in zip(("height", "width"), size, strict=True):
            if length < 1 or length % self.stride:
                lower = length // self.stride * self.stride
                sizes = f"{lower} or {lower + self.stride}" if lower else self.stride
                raise ValueError(
                    f"Input {name} {length} is not a multiple of {self.stride}. "
                    f"Use {sizes}."
                )


def channels_of(stage_channels: Mapping[str, int], stage: str, reader: str) -> int:
    """Return the channels of one stage.

    Args:
        stage_channels: Channels of the backbone's stages by name.
        stage: Name of the stage.
        reader: Who reads it, for the error message.

    Raises:
        ValueError: If there is no such stage.
    """
    if stage not in stage_channels:
        raise ValueError(
            f"{reader} reads the stage {stage!r}, which the backbone does not have. "
            f"Its stages are {list(stage_channels)}."
        )
    return stage_channels[stage]

"""What may stand between the backbone and the head: layers on one of its stages."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
from mmengine.registry import MODELS
from torch import nn

from lanedet.models.backbones import StageFeatures, channels_of
from lanedet.models.context.placement import build_layer, refining
from lanedet.models.fuse import fuse

NECK = "neck"
"""The name of the stage that a neck adds."""


@MODELS.register_module()
class LaneNeck(nn.Module):
    """Let the pixels of a stage see one another, and hand on the result as a stage.

    The stages of the backbone stay as they are; head and distillers read the new one by
    its name, ``neck``. As in SCNN and RESA, where they were published, the layers may
    stand behind a reduction of the channels, which is what makes them affordable: a
    1x1 convolution, batch normalisation and ReLU.

    Random numbers are drawn apart: a head that is built after a neck begins with the
    weights that it has without one.

    Args:
        stage: Name of the stage that is read.
        layers: Configs of context layers in their order, each with what its class takes
            but for ``channels``. What is no gate and no message is added to its input,
            times a scale that begins at 0.
        channels: Channels of the new stage; None for those of the stage that is read,
            without a reduction.
        stage_channels: Channels of the backbone's stages by name. The detector says it.

    Raises:
        ValueError: If there is no such stage, or one of the name ``neck`` already; if
            there is neither a layer nor a reduction; or a layer does not fit.
    """

    def __init__(
        self,
        *,
        stage: str,
        layers: Sequence[Mapping[str, Any]] = (),
        channels: int | None = None,
        stage_channels: Mapping[str, int],
    ) -> None:
        super().__init__()
        own = channels_of(stage_channels, stage, "The neck")
        if NECK in stage_channels:
            raise ValueError(
                f"The backbone must have no stage {NECK!r}, which is the neck's own "
                "name. Rename it."
            )
        if not layers and channels is None:
            raise ValueError(
                "A neck must have layers, or channels to reduce the stage to, got "
                "neither. For a detector without set neck=None."
            )
        if channels is not None and channels < 1:
            raise ValueError(f"channels must be at least 1, got {channels}.")
        self.stage = stage
        self.channels = own if channels is None else channels
        with torch.random.fork_rng(devices=[]):
            reduction = [] if channels is None else _reduction(own, channels)
            self.layers: nn.Module = nn.Sequential(
                *reduction,
                *(
                    refining(build_layer(config, self.channels, f"neck.layers.{i}"))
                    for i, config in enumerate(layers)
                ),
            )

    def forward(self, features: StageFeatures) -> StageFeatures:
        """Return the stages with one more, ``neck``, of the size of what is read.

        Args:
            features: Stages of the backbone by name, each (B, C, h, w).

        Raises:
            ValueError: If a layer cannot take a map of this size.
        """
        return {**features, NECK: self.layers(features[self.stage])}

    def with_neck(self, stage_channels: Mapping[str, int]) -> dict[str, int]:
        """Return the channels of the backbone's stages and the neck's, by name."""
        return {**stage_channels, NECK: self.channels}

    def fuse(self) -> Self:
        """Return the neck with a fused reduction."""
        self.layers = fuse(self.layers)
        return self


def _reduction(in_channels: int, channels: int) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, channels, 1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
    ]

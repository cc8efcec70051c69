"""A few feature maps of one width, from fine to coarse.

Feature Pyramid Networks: Lin et al., https://arxiv.org/abs/1612.03144, Fig. 3: a 1x1
convolution to each stage, added to what the coarser level knows, and a 3x3 convolution
to the sum. Here the latter is normalised and activated.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.backbones import StageFeatures


class PyramidStage(NamedTuple):
    """A stage of a backbone, and where its cells lie in the network input."""

    channels: int
    """Number of channels."""

    stride: int
    """Distance of two cells in pixels of the network input, at least 1."""

    offset: float
    """Pixel of the network input, x and y alike, on which the first cell's centre lies.

    0 behind convolutions and poolings with an odd kernel and padding, as in ResNets;
    (stride - 1) / 2 behind such of 2x2 without, as in ENet."""


class Level(NamedTuple):
    """A level of the pyramid: features (B, C, h, w) and where their cells lie."""

    features: Tensor
    stride: int
    offset: float


class FeaturePyramid(nn.Module):
    """Make levels of one width of a backbone's stages.

    Args:
        stages: By name, the finest first.
        channels: Channels of every level.
        num_extra: Number of levels beyond the stages, each by a convolution of stride
            2 on the last one.

    Raises:
        ValueError: If there is no stage, or they do not become coarser.
    """

    def __init__(
        self, *, stages: Mapping[str, PyramidStage], channels: int, num_extra: int
    ) -> None:
        super().__init__()
        strides = [stage.stride for stage in stages.values()]
        if not strides or strides != sorted(set(strides)) or num_extra < 0:
            raise ValueError(
                "stages must name at least one stage, the finest first and each of "
                "another stride, and there must be 0 extra levels or more, got strides "
                f"{strides} and {num_extra} levels."
            )
        self.stages = dict(stages)
        self.num_levels = len(stages) + num_extra
        # Lists: names of stages may hold what names of modules must not, dots.
        self.laterals = nn.ModuleList(
            nn.Conv2d(stage.channels, channels, 1) for stage in stages.values()
        )
        self.outputs = nn.ModuleList(_block(channels, 1) for _ in stages)
        self.extra = nn.ModuleList(_block(channels, 2) for _ in range(num_extra))

    def forward(self, features: StageFeatures) -> Sequence[Level]:
        """Return the levels, the finest first."""
        sums: list[Tensor] = []
        for name, lateral in reversed([*zip(self.stages, self.laterals, strict=True)]):
            own = lateral(features[name])
            if sums:  # sizes are rounded up, so the coarser is not always half
                own = own + F.interpolate(sums[-1], own.shape[2:], mode="nearest")
            sums.append(own)
        levels = [
            Level(output(each), stage.stride, stage.offset)
            for output, each, stage in zip(
                self.outputs, reversed(sums), self.stages.values(), strict=True
            )
        ]
        for block in self.extra:
            # Its kernel's centre lies on every second cell, the first one included.
            last = levels[-1]
            levels.append(Level(block(last.features), 2 * last.stride, last.offset))
        return levels


def _block(channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    )


def input_size(levels: Sequence[Level]) -> tuple[int, int]:
    """Return (H, W) of the network input behind which these levels were made.

    Raises:
        ValueError: If the levels' sizes and strides do not belong together.
    """
    finest = levels[0]
    height, width = (length * finest.stride for length in finest.features.shape[2:])
    for level in levels:
        expected = (-(-height // level.stride), -(-width // level.stride))
        got = tuple(level.features.shape[2:])
        if got != expected:
            raise ValueError(
                f"A stage of stride {level.stride} must be a map of {expected} behind "
                f"inputs of {(height, width)}, got {got}. Give the head the strides "
                "that the backbone's stages have."
            )
    return height, width


def pool_along(levels: Sequence[Level], xs: Tensor, ys: Tensor) -> Tensor:
    """Return the features at points of lines, level by level.

    Bilinear between the centres of cells, towards 0 outside of them.

    Args:
        levels: Features (B, C, h, w).
        xs: x of the points in pixels of the network input, (B, A, P) float32.
        ys: y of the points, (P,) or as ``xs``.

    Returns:
        (L, B, C, A, P) in the type of the features.
    """
    points = torch.stack(torch.broadcast_tensors(xs, ys.to(xs)), dim=-1)
    pooled = []
    for level in levels:
        height, width = level.features.shape[2:]
        cells = (points - level.offset) / level.stride
        size = cells.new_tensor([width, height])
        grid = ((2 * cells + 1) / size - 1).clamp(-3, 3)
        # In float32, features too: half an x is half a pixel off at 800.
        values = F.grid_sample(level.features.float(), grid, align_corners=False)
        pooled.append(values.to(level.features.dtype))
    return torch.stack(pooled)

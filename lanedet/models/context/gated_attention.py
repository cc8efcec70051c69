"""Attention that begins as a convolution and learns when to look at content."""

import math

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.context.context_layer import AttentionLayer
from lanedet.models.context.conv_attention import look_along
from lanedet.models.context.positions import pixel_positions, side_offsets
from lanedet.models.context.self_attention import (
    channels_of_head,
    projection,
    split_heads,
)


@MODELS.register_module()
class GatedPositionalAttention(AttentionLayer):
    """A gate in each head between attention to content and to places.

    A = (1 - s) softmax(q k / sqrt(d)) + s softmax(v . r), s = sigmoid(lambda)
    (d'Ascoli et al., "ConViT", https://arxiv.org/abs/2103.10697, Eq. 6 to 8). r = (dy,
    dx, dy^2 + dx^2) is the offset from the pixel, and v begins as
    alpha (2 c_y, 2 c_x, -1), c one of the taps of a square kernel. Both softmaxes sum
    to 1, so A does. The published codes take every map for a square; this takes any.

    Args:
        channels: C.
        heads: A square number that divides the channels, such as 4 or 16. With an even
            root a head begins between pixels, as the kernel's taps lie.
        locality: alpha at first. 1 is the paper's, and blurs: the target has a third of
            the weight.
        gate: lambda at first.

    Raises:
        ValueError: If the heads are no square number, or do not divide the channels.
    """

    def __init__(
        self,
        channels: int,
        heads: int = 4,
        *,
        locality: float = 1.0,
        gate: float = 1.0,
    ) -> None:
        super().__init__(channels, heads)
        channels_of_head(channels, heads)
        side = math.isqrt(heads)
        if side**2 != heads:
            raise ValueError(
                "heads must be the taps of a square kernel, such as 1, 4, 9 or 16, got "
                f"{heads}."
            )
        self.query, self.key, self.value, self.out = (
            projection(channels, channels) for _ in range(4)
        )
        nn.init.dirac_(self.value.weight)
        taps = pixel_positions(side, side, torch.device("cpu")) - (side - 1) / 2
        self.places = nn.Parameter(
            locality * torch.cat([2 * taps, -taps.new_ones(heads, 1)], dim=1)
        )
        self.gates = nn.Parameter(torch.full((heads,), float(gate)))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        seen = self.attend(x, self.values(x))
        out: Tensor = self.out(seen.flatten(1, 2))
        return out

    def values(self, x: Tensor) -> Tensor:
        """Return the values, (B, heads, d, h, w)."""
        return self.value(x).unflatten(1, (self.heads, -1))

    def attend(self, x: Tensor, values: Tensor) -> Tensor:
        """Return the means of the values, (B, heads, d, h, w)."""
        height, width = x.shape[-2:]
        by_content = F.scaled_dot_product_attention(
            split_heads(self.query(x), self.heads),
            split_heads(self.key(x), self.heads),
            split_heads(values.flatten(1, 2), self.heads),
        )
        by_content = by_content.transpose(-2, -1).unflatten(-1, (height, width))
        share = self.gates.sigmoid()[:, None, None, None].to(by_content.dtype)
        return (1 - share) * by_content + share * self._look_around(values)

    def _look_around(self, values: Tensor) -> Tensor:
        """Return the positional half, (B, heads, d, h, w).

        v . r is what the rows' offset gives plus what the columns' does.
        """
        slopes, bends = self.places[:, :2, None, None], self.places[:, 2, None, None]
        offsets = [side_offsets(side, values.device) for side in values.shape[-2:]]
        scores = [
            slopes[:, dim] * offset + bends * offset.square()
            for dim, offset in enumerate(offsets)
        ]
        return look_along(values, *scores)

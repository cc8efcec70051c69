"""Attention that begins as a convolution and learns when to look at content."""

import math

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.context.context_layer import ContextLayer
from lanedet.models.context.conv_attention import look_by
from lanedet.models.context.positions import pixel_positions
from lanedet.models.context.self_attention import (
    channels_of_head,
    join_heads,
    projection,
    split_heads,
)


@MODELS.register_module()
class GatedPositionalAttention(ContextLayer):
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
        super().__init__(channels)
        self.heads = heads
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
        height, width = x.shape[-2:]
        value = split_heads(self.value(x), self.heads)
        by_content = F.scaled_dot_product_attention(
            split_heads(self.query(x), self.heads),
            split_heads(self.key(x), self.heads),
            value,
        )
        by_place = self._look_around(value, height, width)
        share = self.gates.sigmoid()[:, None, None].to(x.dtype)
        seen = (1 - share) * by_content + share * by_place
        out: Tensor = self.out(join_heads(seen, height, width))
        return out

    def _look_around(self, value: Tensor, height: int, width: int) -> Tensor:
        """Return the positional half, (B, heads, N, d).

        v . r, with r = (p_j - p_i, |p_j - p_i|^2), is linear in (p_j, |p_j|^2) up to
        what does not depend on j.
        """
        points = pixel_positions(height, width, value.device)
        slopes, bends = self.places[:, None, :2], self.places[:, None, 2:]
        query = torch.cat(
            [slopes - 2 * bends * points, bends.expand(-1, len(points), 1)], dim=-1
        )  # (heads, N, 3)
        maps = join_heads(value, height, width).unflatten(1, (self.heads, -1))
        seen = [
            look_by(maps[:, head], query[head : head + 1]) for head in range(self.heads)
        ]
        return torch.cat(seen, dim=1).transpose(-2, -1)

"""Attention that looks at places: a convolution written as attention, and learned.

J.-B. Cordonnier et al., "On the Relationship between Self-Attention and Convolutional
Layers", https://arxiv.org/abs/1911.03584. A head whose score of a pixel is -alpha times
the squared distance to a target looks at that target, the more sharply the larger
alpha is. Pixels outside of the map are not there, so a head whose target lies outside
looks at the nearest pixel inside: as a convolution does with replicate padding.

Such a score is a sum of what the row and what the column give, -alpha (y_j - t_y)^2 and
-alpha (x_j - t_x)^2, so its softmax is the product of one over the rows and one over
the columns. Attention is then two products with matrices of h x h and w x w numbers a
head: N (h + w) multiplications for each channel instead of 2 N^2, no N x N scores, and
none of the large numbers of which the squares of places are the small difference.
"""

import math

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.context.context_layer import AttentionLayer
from lanedet.models.context.positions import (
    pixel_positions,
    side_offsets,
    side_positions,
)
from lanedet.models.context.self_attention import projection

EXACT_SHARPNESS = 46.0
"""Neighbours of the target get e^-46 = 1e-20 of its weight: nothing in float64."""


@MODELS.register_module()
class QuadraticSelfAttention(AttentionLayer):
    """Heads that each look at a place beside the pixel, which they learn.

    W_o takes the heads' outputs (B, heads C, h, w), each of them the map as seen from
    there. Content does not matter: this is a convolution whose taps move and blur.

    Args:
        channels: C.
        heads: Places to look at.
        spread_px: Standard deviation of the places at first, in pixels of the map.
        sharpness: alpha at first. Pixels beside the target get e^-alpha of its weight.

    Raises:
        ValueError: If there is no head or the sharpness is not positive.
    """

    def __init__(
        self,
        channels: int,
        heads: int = 9,
        *,
        spread_px: float = 1.0,
        sharpness: float = 1.0,
    ) -> None:
        super().__init__(channels, heads)
        if heads < 1 or not sharpness > 0:
            raise ValueError(
                "There must be a head, and a positive sharpness, got "
                f"{heads} and {sharpness}."
            )
        self.centers = nn.Parameter(spread_px * torch.randn(heads, 2))
        self.log_sharpness = nn.Parameter(torch.full((heads,), math.log(sharpness)))
        self.out = projection(heads * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        seen = self.attend(x, self.values(x))
        out: Tensor = self.out(seen.flatten(1, 2))
        return out

    def values(self, x: Tensor) -> Tensor:
        """Return the map itself for all heads, (B, 1, C, h, w)."""
        return x[:, None]

    def attend(self, x: Tensor, values: Tensor) -> Tensor:
        """Return the values as each head sees them, (B, heads, C, h, w)."""
        sharpness = self.log_sharpness.exp()[:, None, None]
        scores = [
            # Offsets first: the sum of a place and a center loses the center's digits.
            -sharpness * (side_offsets(length, x.device) - center).square()
            for length, center in zip(
                x.shape[-2:], self.centers.T[..., None, None], strict=True
            )
        ]
        return look_along(values, *scores)


class ConvolutionAsAttention(AttentionLayer):
    """A convolution computed by a head of attention for each tap of its kernel.

    It has the convolution's parameters by the same names, and the same outputs and
    gradients, up to rounding; unlike other layers it changes channels and size where
    the convolution does. See :func:`attention_from_conv`.

    Args:
        conv: Any convolution of one group that pads with zeros.
        sharpness: alpha of every head.
    """

    offsets: Tensor

    def __init__(self, conv: nn.Conv2d, sharpness: float = EXACT_SHARPNESS) -> None:
        super().__init__(conv.in_channels, math.prod(conv.kernel_size))
        self.weight, self.bias = conv.weight, conv.bias
        self.stride, self.padding = conv.stride, conv.padding
        self.sharpness = sharpness
        rows, columns = conv.kernel_size
        self.reach = tuple(
            dilation * (side - 1) + 1
            for dilation, side in zip(conv.dilation, conv.kernel_size, strict=True)
        )
        steps = torch.tensor(conv.dilation, dtype=torch.float32)
        taps = pixel_positions(rows, columns, torch.device("cpu")) * steps
        self.register_buffer("offsets", taps, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C_in, h, w) to (B, C_out, h', w') as the convolution does."""
        seen = self.attend(x, self.values(x))
        sizes = seen.shape[-2:]
        # The heads' outputs lie tap by tap, the kernel channel by channel.
        kernel = self.weight.flatten(2).transpose(1, 2).flatten(1)
        out = F.conv1d(seen.flatten(1, 2).flatten(2), kernel[:, :, None], self.bias)
        return out.unflatten(2, sizes)

    def values(self, x: Tensor) -> Tensor:
        """Return the map itself for all heads, (B, 1, C_in, h, w)."""
        return x[:, None]

    def attend(self, x: Tensor, values: Tensor) -> Tensor:
        """Return the map under each tap, (B, heads, C_in, h', w')."""
        rows, columns = (int(side) for side in self.padding)
        padded = F.pad(values, (columns, columns, rows, rows))
        scores = []
        for length, reach, stride, taps in zip(
            padded.shape[-2:],
            self.reach,
            self.stride,
            self.offsets.unbind(dim=1),
            strict=True,
        ):
            if length < reach:
                raise ValueError(
                    f"The kernel reaches over {self.reach} pixels, got a map of "
                    f"{tuple(padded.shape[-2:])}, padding included. Use a larger one."
                )
            places = side_positions(length, x.device)
            targets = places[: length - reach + 1 : stride] + taps[:, None]
            away = places - targets[..., None]  # (heads, h', h), or of the columns
            scores.append(-self.sharpness * away.square())
        return look_along(padded, *scores)


def attention_from_conv(
    conv: nn.Conv2d, sharpness: float = EXACT_SHARPNESS
) -> ConvolutionAsAttention:
    """Return attention with the outputs and gradients of a convolution, made of it.

    Theorem 1 of the paper, with heads of as many channels as the input has: a head for
    each tap, which looks at nothing but the pixel under it. Zeros are put around the
    map first where the convolution does, so that targets lie inside.

    Args:
        conv: Of any kernel, stride, dilation and padding by zeros, with a bias or not.
        sharpness: How sharply heads look. 17 is enough for float32.

    Raises:
        ValueError: If the convolution has groups, or does not pad with zeros.

    Example:
        >>> conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        >>> images = torch.rand(2, 3, 9, 15)
        >>> torch.allclose(attention_from_conv(conv)(images), conv(images), atol=1e-5)
        True
    """
    if (
        conv.groups != 1
        or conv.padding_mode != "zeros"
        or isinstance(conv.padding, str)
    ):
        raise ValueError(
            "The convolution must have one group and numbers of zeros as padding, got "
            f"groups={conv.groups}, padding={conv.padding!r}, "
            f"padding_mode={conv.padding_mode!r}."
        )
    return ConvolutionAsAttention(conv, sharpness)


def look_along(maps: Tensor, row_scores: Tensor, column_scores: Tensor) -> Tensor:
    """Return the means that heads take whose scores are those of row plus column.

    Args:
        maps: (B, heads, C, h, w), or one for all heads, (B, 1, C, h, w).
        row_scores: Of each row of the map for each row of queries, (heads, h', h),
            float32 at least: half precision knows no squares of places.
        column_scores: Likewise, (heads, w', w).

    Returns:
        (B, heads, C, h', w'), of the type of the maps.
    """
    of_rows, of_columns = (
        scores.softmax(dim=-1).to(maps.dtype) for scores in (row_scores, column_scores)
    )
    along = torch.einsum("bnchw,nvw->bnchv", maps, of_columns)
    return torch.einsum("bnchv,nuh->bncuv", along, of_rows)

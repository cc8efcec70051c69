"""Attention that looks at places: a convolution written as attention, and learned.

J.-B. Cordonnier et al., "On the Relationship between Self-Attention and Convolutional
Layers", https://arxiv.org/abs/1911.03584. A head whose score of a pixel is -alpha times
the squared distance to a target looks at that target, the more sharply the larger
alpha is. Pixels outside of the map are not there, so a head whose target lies outside
looks at the nearest pixel inside: as a convolution does with replicate padding.

Softmax ignores what all pixels have in common. -alpha |p_j - t|^2 is, up to that,
(2 alpha t, -alpha) . (p_j, |p_j|^2): three channels for queries and keys, from which
the fused kernel needs no N x N scores.
"""

import math

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.context.context_layer import AttentionLayer
from lanedet.models.context.positions import pixel_positions
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
        height, width = x.shape[-2:]
        places = pixel_positions(height, width, x.device)
        targets = places + self.centers[:, None]  # (heads, N, 2)
        seen = look_at(values, targets, self.log_sharpness.exp()[:, None, None])
        return seen.unflatten(3, (height, width))


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
        sizes = [
            (length - int(reach) - 1) // stride + 1
            for length, reach, stride in zip(
                padded.shape[-2:], self.offsets.amax(dim=0), self.stride, strict=True
            )
        ]
        strides = torch.tensor(self.stride, device=x.device, dtype=torch.float32)
        first_taps = pixel_positions(sizes[0], sizes[1], x.device) * strides
        targets = first_taps + self.offsets[:, None]
        sharpness = x.new_tensor(self.sharpness, dtype=torch.float32)
        return look_at(padded, targets, sharpness).unflatten(3, (sizes[0], sizes[1]))


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


def look_at(maps: Tensor, targets: Tensor, sharpness: Tensor) -> Tensor:
    """Return maps as each head sees its own: a blur around each query's target.

    Args:
        maps: (B, heads, C, h, w), or one for all heads, (B, 1, C, h, w).
        targets: (y, x) of the target of each query, (heads, Q, 2), float32, in pixels.
        sharpness: alpha, broadcast to (heads, Q, 1).

    Returns:
        (B, heads, C, Q).
    """
    query = torch.cat(
        [2 * sharpness * targets, -sharpness.expand(*targets.shape[:2], 1)], dim=-1
    )
    return look_by(maps, query)


def look_by(maps: Tensor, query: Tensor) -> Tensor:
    """Return maps as heads see theirs whose scores are quadratic in the place.

    The score of the pixel at (y, x) is the query times (y, x, y^2 + x^2). Scores are
    computed in float32 at least: half precision knows no such numbers.

    Args:
        maps: (B, heads, C, h, w), or one for all heads, (B, 1, C, h, w).
        query: (heads, Q, 3).

    Returns:
        (B, heads, C, Q), of the type of the maps.
    """
    batch, _, channels, height, width = maps.shape
    heads = len(query)
    kind = torch.promote_types(maps.dtype, torch.float32)
    places = pixel_positions(height, width, maps.device).to(kind)
    key = torch.cat([places, places.square().sum(dim=1, keepdim=True)], dim=1)
    value = maps.flatten(3).transpose(2, 3).to(kind).contiguous()
    # The fused kernel wants queries and keys of as many channels as values.
    num = max(channels, 3)

    def widened(tensor: Tensor) -> Tensor:
        return F.pad(tensor, (0, num - tensor.shape[-1]))

    with torch.autocast(maps.device.type, enabled=False):
        seen = F.scaled_dot_product_attention(
            widened(query.to(kind)).expand(batch, -1, -1, -1),
            widened(key).expand(batch, heads, -1, -1),
            widened(value).expand(-1, heads, -1, -1),
            scale=1.0,
        )
    return seen[..., :channels].transpose(-2, -1).to(maps.dtype)

"""Attention as SAGAN has it: few channels for scores, a scale that begins at 0."""

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.context.context_layer import AttentionLayer


@MODELS.register_module()
class NonLocalAttention(AttentionLayer):
    """The block of SAGAN, which adds what was seen to its input.

    y_j = x_j + gamma W_v sum_i beta_ji h(x_i), beta_ji = softmax_i(f(x_i) . g(x_j))
    (Zhang et al., "Self-Attention GAN", https://arxiv.org/abs/1805.08318, Eq. 1 to 3).
    f and g have C / 8 channels and h has C / 2, as in the authors' code
    (https://github.com/brain-research/self-attention-gan), without its spectral
    normalisation. gamma begins at 0, so a network with the block begins as the one
    without it. Scores are not divided by sqrt(d) and are computed in float32: they
    overflow in half precision.

    Args:
        channels: C, a multiple of 8.
        pools: Whether keys and values are the maxima of 2 x 2 pixels each, which takes
            a quarter of the work. At an odd side the last ones are of fewer pixels.

    Raises:
        ValueError: If 8 does not divide the channels.
    """

    is_refinement = True

    def __init__(self, channels: int, *, pools: bool = True) -> None:
        super().__init__(channels, heads=1)
        if channels % 8:
            raise ValueError(f"channels must be a multiple of 8, got {channels}.")
        self.pools = pools
        self.key = nn.Conv2d(channels, channels // 8, 1, bias=False)
        self.query = nn.Conv2d(channels, channels // 8, 1, bias=False)
        self.value = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.out = nn.Conv2d(channels // 2, channels, 1, bias=False)
        for layer in (self.key, self.query, self.value, self.out):
            nn.init.xavier_uniform_(layer.weight)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        seen = self.attend(x, self.values(x))[:, 0]
        return x + self.gamma * self.out(seen)

    def values(self, x: Tensor) -> Tensor:
        """Return the values, (B, 1, C / 2, h', w'), pooled or not."""
        return self._pool(self.value(x))[:, None]

    def attend(self, x: Tensor, values: Tensor) -> Tensor:
        """Return the means of the values, (B, 1, C / 2, h, w)."""
        key, query, value = self._pool(self.key(x)), self.query(x), values[:, 0]
        kind = torch.promote_types(x.dtype, torch.float32)
        num_more = value.shape[1] - key.shape[1]  # the fused kernel wants as many
        with torch.autocast(x.device.type, enabled=False):
            seen = F.scaled_dot_product_attention(
                F.pad(_tokens(query).to(kind), (0, num_more)),
                F.pad(_tokens(key).to(kind), (0, num_more)),
                _tokens(value).to(kind),
                scale=1.0,
            )
        return seen.transpose(-2, -1).unflatten(3, x.shape[-2:]).to(value.dtype)

    def _pool(self, part: Tensor) -> Tensor:
        return F.max_pool2d(part, 2, ceil_mode=True) if self.pools else part


def _tokens(x: Tensor) -> Tensor:
    """Return (B, 1, h w, C) of (B, C, h, w)."""
    return x.flatten(2).transpose(1, 2)[:, None].contiguous()

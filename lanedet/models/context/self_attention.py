"""Multi-head self-attention between all pixels of a map."""

import math
from typing import Literal, get_args

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.context.context_layer import AttentionLayer
from lanedet.models.context.positions import (
    BIAS,
    LEARNED,
    RELATIVE,
    SINUSOIDAL,
    LearnedPositions,
    RelativeBias,
    RelativePositions,
    pixel_positions,
    sinusoidal_positions,
)

Similarity = Literal["dot", "additive"]
Normalization = Literal["softmax", "relu"]
Positions = Literal["sinusoidal", "learned", "relative", "bias"]

_MAX_SUMS = 1 << 26  # numbers of the additive score's largest tensor, of one image


@MODELS.register_module()
class SelfAttention2d(AttentionLayer):
    """Each pixel asks, each answers, and takes a mean of what the others hold.

    In a head of d channels q = W_q x, k = W_k x and v = W_v x, s_ij = q_i . k_j /
    sqrt(d), A_i = softmax_j(s_ij), o_i = sum_j A_ij v_j. The heads' outputs go through
    W_o (Vaswani et al., https://arxiv.org/abs/1706.03762, Sec. 3.2). All W are
    1x1 convolutions with biases.

    Where PyTorch's fused kernel serves it is used, and no N x N scores are kept for the
    N = h w pixels: with softmax, the dot product, and positions that are added to the
    features. Relative ones, the bias and a radius are added to the scores.

    Args:
        channels: C.
        heads: Heads; they divide the channels.
        similarity: ``"dot"`` as above, or ``"additive"``: s_ij = u . tanh(q_i + k_j)
            (Bahdanau et al., https://arxiv.org/abs/1409.0473), for small maps.
        normalization: ``"softmax"``, or ``"relu"``: A_ij = max(s_ij, 0) / N (Wortsman
            et al., https://arxiv.org/abs/2309.08586), whose rows do not sum to 1.
        positions: None; ``"sinusoidal"`` or ``"learned"`` ones added to what q and k
            are made of; ``"relative"`` ones whose scores with q are added, scaled like
            the others; a ``"bias"`` of the scores for each offset.
        size: (h, w) of the maps, for learned positions, or of the largest, for relative
            ones and the bias.
        radius: Pixels whose row or column is farther away are not seen. None for all.

    Raises:
        ValueError: If an argument does not fit, or lacks.
    """

    def __init__(
        self,
        channels: int,
        heads: int = 4,
        *,
        similarity: Similarity = "dot",
        normalization: Normalization = "softmax",
        positions: Positions | None = None,
        size: tuple[int, int] | None = None,
        radius: int | None = None,
    ) -> None:
        super().__init__(channels, heads)
        self.head_channels = channels_of_head(channels, heads)
        self.similarity = _choice("similarity", similarity, get_args(Similarity))
        self.normalization = _choice(
            "normalization", normalization, get_args(Normalization)
        )
        if positions is not None:
            _choice("positions", positions, get_args(Positions))
        self.positions = positions
        if radius is not None and radius < 0:
            raise ValueError(f"radius must be at least 0, got {radius}.")
        self.radius = radius
        self.query, self.key, self.value, self.out = (
            projection(channels, channels) for _ in range(4)
        )
        if similarity == "additive":
            std = self.head_channels**-0.5
            self.direction = nn.Parameter(std * torch.randn(heads, self.head_channels))
        self.place = self._places(size)

    def _places(self, size: tuple[int, int] | None) -> nn.Module | None:
        if self.positions in (None, SINUSOIDAL):
            if size is not None:
                raise ValueError(
                    "size is for learned and relative positions and the bias, got "
                    f"{size} with positions={self.positions!r}. Leave it out."
                )
            if self.positions == SINUSOIDAL:
                sinusoidal_positions(self.channels, 1, 1)  # channels that do not fit
            return None
        if size is None:
            raise ValueError(
                f"Positions {self.positions!r} need size, (h, w) of a map."
            )
        if len(size) != 2 or min(size) < 1:
            raise ValueError(f"size must be (h, w) of a map, got {size}.")
        size = (int(size[0]), int(size[1]))
        if self.positions == LEARNED:
            return LearnedPositions(self.channels, size)
        if self.positions == RELATIVE:
            return RelativePositions(self.head_channels, size)
        return RelativeBias(self.heads, size)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape.

        Raises:
            ValueError: If the positions are of other maps, or additive scores would
                take too much memory.
        """
        seen = self.attend(x, self.values(x))
        out: Tensor = self.out(seen.flatten(1, 2))
        return out

    def values(self, x: Tensor) -> Tensor:
        """Return the values, (B, heads, d, h, w)."""
        return self.value(x).unflatten(1, (self.heads, -1))

    def attend(self, x: Tensor, values: Tensor) -> Tensor:
        """Return the means of the values, (B, heads, d, h, w)."""
        height, width = x.shape[-2:]
        placed = x
        if self.positions == SINUSOIDAL:
            waves = sinusoidal_positions(self.channels, height, width, x.device)
            placed = x + waves.to(x.dtype)
        elif self.positions == LEARNED:
            assert self.place is not None
            placed = x + self.place(height, width)
        query = split_heads(self.query(placed), self.heads)
        key = split_heads(self.key(placed), self.heads)
        value = split_heads(values.flatten(1, 2), self.heads)
        added = self._added_scores(query, height, width)
        if self.similarity == "dot" and self.normalization == "softmax":
            seen = F.scaled_dot_product_attention(query, key, value, attn_mask=added)
        else:
            # In half precision sums of products overflow before they are divided.
            kind = torch.promote_types(value.dtype, torch.float32)
            with torch.autocast(x.device.type, enabled=False):
                scores = self._scores(query.to(kind), key.to(kind))
                if added is not None:
                    scores = scores + added
                weights = self._normalize(scores)
                seen = (weights @ value.to(kind)).to(value.dtype)
        return join_heads(seen, height, width).unflatten(1, (self.heads, -1))

    def _added_scores(self, query: Tensor, height: int, width: int) -> Tensor | None:
        """Return what is added to scores (B, heads, N, N); -inf hides a pixel."""
        added: Tensor | None = None
        if self.positions == RELATIVE:
            assert self.place is not None
            added = self.place(query * self.head_channels**-0.5, height, width)
        elif self.positions == BIAS:
            assert self.place is not None
            added = self.place(height, width)
        if self.radius is None:
            return added
        places = pixel_positions(height, width, query.device)
        is_far = torch.cdist(places, places, p=math.inf) > self.radius
        if added is None:
            added = query.new_zeros(is_far.shape)
        return added.masked_fill(is_far, -math.inf)

    def _scores(self, query: Tensor, key: Tensor) -> Tensor:
        if self.similarity == "dot":
            return query @ key.transpose(-2, -1) * self.head_channels**-0.5
        num_sums = math.prod(query.shape[1:]) * query.shape[2]
        if num_sums > _MAX_SUMS:
            raise ValueError(
                f"Additive scores of a map of {query.shape[2]} pixels and "
                f"{self.channels} channels are {num_sums:,} sums an image, more than "
                f"{_MAX_SUMS:,}. Use similarity='dot', or a deeper stage."
            )
        sums = torch.tanh(query[..., :, None, :] + key[..., None, :, :])
        return torch.einsum("bnijd,nd->bnij", sums, self.direction.to(sums.dtype))

    def _normalize(self, scores: Tensor) -> Tensor:
        if self.normalization == "softmax":
            return scores.softmax(dim=-1)
        return scores.relu() / scores.shape[-1]


def channels_of_head(channels: int, heads: int) -> int:
    """Return the channels of a head.

    Raises:
        ValueError: If the heads do not divide the channels.
    """
    if heads < 1 or channels % heads:
        fit = [number for number in range(1, channels + 1) if channels % number == 0]
        raise ValueError(
            f"heads must divide the {channels} channels, got {heads}. Use one of {fit}."
        )
    return channels // heads


def projection(in_channels: int, out_channels: int, *, bias: bool = True) -> nn.Conv2d:
    """Return a 1x1 convolution that begins as the linear layers of ViT do.

    Weights are from a normal distribution of standard deviation 0.02, cut at 2 (not
    at two of these); biases are 0.
    """
    layer = nn.Conv2d(in_channels, out_channels, 1, bias=bias)
    nn.init.trunc_normal_(layer.weight, std=0.02)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def split_heads(x: Tensor, heads: int) -> Tensor:
    """Return (B, heads, h w, d) of (B, heads d, h, w), channels contiguous.

    The fused kernel is several times as fast where they are.
    """
    tokens = x.flatten(2).unflatten(1, (heads, -1)).transpose(-2, -1)
    return tokens.contiguous()


def join_heads(tokens: Tensor, height: int, width: int) -> Tensor:
    """Return (B, heads d, h, w) of (B, heads, h w, d)."""
    return tokens.transpose(-2, -1).flatten(1, 2).unflatten(2, (height, width))


def _choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError(f"{name} must be one of {list(choices)}, got {value!r}.")
    return value

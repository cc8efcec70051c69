"""Self-attention between near pixels: around each, or inside the windows of a grid."""

import math
from collections.abc import Iterator

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.context.context_layer import AttentionLayer
from lanedet.models.context.positions import RelativeBias
from lanedet.models.context.self_attention import channels_of_head, projection


@MODELS.register_module()
class LocalSelfAttention(AttentionLayer):
    """Each pixel sees the K x K pixels around it.

    y_i = sum_j softmax_j(q_i . k_j + q_i . r_(j-i)) v_j (Ramachandran et al.,
    "Stand-Alone Self-Attention in Vision Models", https://arxiv.org/abs/1906.05909,
    Eq. 2 and 3), of which r is a vector for the
    row's offset, of half of a head's channels, and one for the column's. As in the
    paper scores are not divided by sqrt(d). Unlike in its ports pixels outside of the
    map are not seen at all, rather than seen as zeros.

    Args:
        channels: C.
        heads: Heads; they divide the channels into even parts.
        kernel_size: K, odd.
        dilation: Steps between the pixels that are seen.
        stride: As in the paper, means over stride x stride pixels are taken behind the
            layer. A backbone's stage takes layers of stride 1 only.

    Raises:
        ValueError: If an argument does not fit.
    """

    def __init__(
        self,
        channels: int,
        heads: int = 8,
        *,
        kernel_size: int = 7,
        dilation: int = 1,
        stride: int = 1,
    ) -> None:
        super().__init__(channels, heads)
        check_kernel_size(kernel_size)
        for name, value in (("dilation", dilation), ("stride", stride)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}.")
        self.kernel_size, self.dilation = kernel_size, dilation
        self.stride = stride
        self.query, self.key, self.value = (
            projection(channels, channels, bias=False) for _ in range(3)
        )
        self.offsets = OffsetVectors(channels_of_head(channels, heads), kernel_size)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to (B, C, h / stride, w / stride), rounded down."""
        out = self.attend(x, self.values(x)).flatten(1, 2)
        return out if self.stride == 1 else F.avg_pool2d(out, self.stride)

    def values(self, x: Tensor) -> Tensor:
        """Return the values, (B, heads, d, h, w)."""
        return self.value(x).unflatten(1, (self.heads, -1))

    def attend(self, x: Tensor, values: Tensor) -> Tensor:
        """Return the means of the values, (B, heads, d, h, w)."""
        query, key = (
            layer(x).unflatten(1, (self.heads, -1)) for layer in (self.query, self.key)
        )
        return local_attention(query, key, values, self.offsets(), self.dilation)

    def uncounted_macs(self, height: int, width: int) -> int:
        """Return K^2 C N for the scores and as many for the mean of the values."""
        return 2 * self.kernel_size**2 * self.channels * height * width


class OffsetVectors(nn.Module):
    """A vector for each offset in a K x K window: of its row, and of its column.

    Args:
        head_channels: d, channels of a head, even.
        kernel_size: K.

    Raises:
        ValueError: If d is odd.
    """

    def __init__(self, head_channels: int, kernel_size: int) -> None:
        super().__init__()
        if head_channels % 2:
            raise ValueError(
                "A head's channels are halved for rows and columns, so their number "
                f"must be even, got {head_channels}. Use fewer heads."
            )
        half, std = head_channels // 2, head_channels**-0.5
        self.rows = nn.Parameter(std * torch.randn(kernel_size, half))
        self.columns = nn.Parameter(std * torch.randn(kernel_size, half))

    def forward(self) -> Tensor:
        """Return the vectors of all offsets, row by row, (K^2, d)."""
        num = len(self.rows)
        return torch.cat(
            [self.rows.repeat_interleave(num, dim=0), self.columns.repeat(num, 1)],
            dim=1,
        )


def local_attention(
    query: Tensor, key: Tensor, value: Tensor, offsets: Tensor, dilation: int = 1
) -> Tensor:
    """Return softmax(q . (k + r)) v over the K x K pixels around each.

    Written as a loop over the K^2 shifts, which keeps the weights alone. To unfold keys
    and values into windows gives the same numbers with K^2 times their memory, and
    takes over ten times as long on a CPU.

    Args:
        query: (B, heads, d, h, w), scaled as wanted.
        key: Likewise.
        value: Likewise, of any number of channels.
        offsets: r, (K^2, d), of the offsets in a window, row by row.
        dilation: Steps between the pixels that are seen.

    Returns:
        (B, heads, channels of the values, h, w). Pixels outside of the map are not
        seen.
    """
    weights = local_weights(query, key, offsets, dilation)
    return mean_in_windows(weights, value, dilation)


def local_weights(
    query: Tensor, key: Tensor, offsets: Tensor, dilation: int = 1
) -> Tensor:
    """Return the weights of :func:`local_attention`, (B, heads, K^2, h, w).

    Scores are computed in float32 at least: nothing divides them by sqrt(d), and they
    overflow in half precision.
    """
    kind = torch.promote_types(query.dtype, torch.float32)
    query_dtype, query = query.dtype, query.to(kind)
    kernel_size = math.isqrt(len(offsets))
    height, width = query.shape[-2:]
    inside = torch.ones(1, 1, 1, height, width, dtype=query.dtype, device=query.device)
    scores = [
        (query * (shifted.to(kind) + offset.to(kind)[:, None, None]))
        .sum(dim=2)
        .masked_fill(there[:, :, 0] == 0, -math.inf)
        for shifted, there, offset in zip(
            _shifts(key, kernel_size, dilation),
            _shifts(inside, kernel_size, dilation),
            offsets,
            strict=True,
        )
    ]
    return torch.stack(scores, dim=2).softmax(dim=2).to(query_dtype)


def mean_in_windows(weights: Tensor, value: Tensor, dilation: int = 1) -> Tensor:
    """Return the sum of weighted values around each pixel.

    Args:
        weights: (B, heads, K^2, h, w).
        value: (B, heads, d, h, w); zero outside of the map.
        dilation: Steps between the pixels that are seen.

    Returns:
        (B, heads, d, h, w).
    """
    kernel_size = math.isqrt(weights.shape[2])
    total = torch.zeros_like(value)
    for weight, shifted in zip(
        weights.unbind(dim=2), _shifts(value, kernel_size, dilation), strict=True
    ):
        total = total + weight[:, :, None] * shifted
    return total


def _shifts(x: Tensor, kernel_size: int, dilation: int) -> Iterator[Tensor]:
    """Yield a map as seen at each offset of a window, with zeros outside of it."""
    height, width = x.shape[-2:]
    reach = kernel_size // 2 * dilation
    padded = F.pad(x, (reach, reach, reach, reach))
    for row in range(kernel_size):
        for column in range(kernel_size):
            top, left = row * dilation, column * dilation
            yield padded[..., top : top + height, left : left + width]


@MODELS.register_module()
class WindowSelfAttention(AttentionLayer):
    """Pixels see those in the same window of a grid, with a bias for each offset.

    Liu et al., "Swin Transformer", https://arxiv.org/abs/2103.14030, Sec. 3.2. The
    grid of a second layer is shifted, so that what was a border lies inside. What a
    window holds outside of the map is not seen; published codes see it as zeros.

    Args:
        channels: C.
        heads: Heads; they divide the channels.
        window_size: M, the side of a window.
        shift: By how many pixels the grid begins further up and left, in [0, M).

    Raises:
        ValueError: If an argument does not fit.
    """

    def __init__(
        self, channels: int, heads: int = 4, *, window_size: int = 7, shift: int = 0
    ) -> None:
        super().__init__(channels, heads)
        channels_of_head(channels, heads)
        if window_size < 1 or not 0 <= shift < window_size:
            raise ValueError(
                "window_size must be at least 1 and shift lie in [0, window_size), got "
                f"{window_size} and {shift}."
            )
        self.window_size, self.shift = window_size, shift
        self.query, self.key, self.value, self.out = (
            projection(channels, channels) for _ in range(4)
        )
        self.bias = RelativeBias(heads, (window_size, window_size))

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
        query, key = (
            layer(x).unflatten(1, (self.heads, -1)) for layer in (self.query, self.key)
        )
        return window_attention(query, key, values, self.bias, self.shift)


def window_attention(
    query: Tensor, key: Tensor, value: Tensor, bias: RelativeBias, shift: int = 0
) -> Tensor:
    """Return softmax(q . k / sqrt(d) + bias) v inside the windows of a grid.

    Args:
        query: (B, heads, d, h, w).
        key: Likewise.
        value: Likewise.
        bias: Whose largest map is a window, M x M pixels. Of a window that is larger
            than the map no more is computed than the map.
        shift: By how many pixels the grid begins further up and left, in [0, M).

    Returns:
        (B, heads, d, h, w).
    """
    height, width = query.shape[-2:]
    rows, top, bottom = _cut(height, bias.size[0], shift)
    columns, left, right = _cut(width, bias.size[1], shift)

    def windows(x: Tensor) -> Tensor:
        """Return (B, windows heads, M M, d) of (B, heads, d, h, w)."""
        padded = F.pad(x, (left, right, top, bottom))
        cut = padded.unflatten(4, (-1, columns)).unflatten(3, (-1, rows))
        # Now the dimensions are B, heads, d, rows, M, columns, M. Windows and heads
        # become one of them: ONNX has no attention of more than four.
        return cut.permute(0, 3, 5, 1, 4, 6, 2).flatten(1, 3).flatten(2, 3)

    heads = query.shape[1]
    inside = torch.ones(1, 1, 1, height, width, device=query.device)
    is_seen = windows(inside)[0, :, None, None, :, 0] > 0  # (windows, 1, 1, M M)
    mask = bias(rows, columns).to(query.dtype).masked_fill(~is_seen, -math.inf)
    seen = F.scaled_dot_product_attention(
        windows(query), windows(key), windows(value), attn_mask=mask.flatten(0, 1)
    )
    whole = seen.unflatten(2, (rows, columns))
    whole = whole.unflatten(1, (-1, (left + width + right) // columns, heads))
    # Now the dimensions are B, rows, columns, heads, M, M, d.
    whole = whole.permute(0, 3, 6, 1, 4, 2, 5).flatten(5, 6).flatten(3, 4)
    return whole[..., top : top + height, left : left + width]


def _cut(length: int, side: int, shift: int) -> tuple[int, int, int]:
    """Return how a side of the map is cut: into what, and what is put around it.

    Args:
        length: Pixels of the side.
        side: M, the window's.
        shift: By how many pixels the first window begins before the map.

    Returns:
        Pixels of a window, and of the padding before and behind the map.
    """
    if side > length:  # the only cut, if it is inside of the map
        first = side - shift
        side, shift = length, max(length - first, 0)
    return side, shift, -(length + shift) % side


def check_kernel_size(kernel_size: int) -> None:
    """Raise ValueError unless a window of this side has a middle."""
    if kernel_size < 1 or kernel_size % 2 == 0:
        raise ValueError(f"kernel_size must be odd and at least 1, got {kernel_size}.")

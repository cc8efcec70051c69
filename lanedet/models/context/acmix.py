"""Self-attention and convolution from the same projections.

X. Pan et al., "On the Integration of Self-Attention and Convolution",
https://arxiv.org/abs/2111.14556. Where this differs from the published code
(https://github.com/LeapLabTHU/ACmix, commit 81dddb6): the kernels that shift begin as
shifts and stay so until trained, though a backbone draws its convolutions anew; the
border is not seen rather than reflected, so that a map may be smaller than a window;
dilation dilates; both paths order their channels alike, by head; the position of a
pixel is its offset in pixels, whatever the map's size.
"""

from typing import Literal, get_args

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.context.context_layer import AttentionLayer
from lanedet.models.context.local_attention import (
    check_kernel_size,
    local_attention,
    mean_in_windows,
    window_attention,
)
from lanedet.models.context.positions import RelativeBias, pixel_positions
from lanedet.models.context.self_attention import (
    channels_of_head,
    join_heads,
    projection,
)

AttentionMode = Literal["local", "patchwise", "window", "global"]


@MODELS.register_module()
class ACmix(AttentionLayer):
    """alpha times attention plus beta times a convolution, of the same q, k and v.

    First stage: q, k and v by 1x1 convolutions, of N heads. Second stage: attention on
    these; and of the 3 N maps of a channel K^2 mixtures, each shifted by an offset of
    the kernel and summed.

    Args:
        channels: C.
        heads: N; they divide the channels.
        mode: Attention ``"local"`` (as in stand-alone self-attention, without its
            vectors: q_i . (k_j + W (j - i))), ``"patchwise"`` (weights by two layers
            from q_i and all k_j of the window, no softmax; H. Zhao et al.,
            https://arxiv.org/abs/2004.13621), in the ``"window"`` of a grid, or
            ``"global"``.
        kernel_size: Side of attention's window, odd unless the windows lie in a grid.
        conv_size: K, odd.
        dilation: Steps between pixels, of the convolution and of attention around
            pixels.
        shift: Shift of the grid of windows.

    Raises:
        ValueError: If an argument does not fit.
    """

    def __init__(
        self,
        channels: int,
        heads: int = 4,
        *,
        mode: AttentionMode = "local",
        kernel_size: int = 7,
        conv_size: int = 3,
        dilation: int = 1,
        shift: int = 0,
    ) -> None:
        super().__init__(channels, heads)
        if mode not in get_args(AttentionMode):
            raise ValueError(
                f"mode must be one of {list(get_args(AttentionMode))}, got {mode!r}."
            )
        if mode in ("local", "patchwise"):
            check_kernel_size(kernel_size)
        check_kernel_size(conv_size)
        if dilation < 1 or not 0 <= shift < kernel_size:
            raise ValueError(
                "dilation must be at least 1 and shift lie in [0, kernel_size), got "
                f"{dilation} and {shift}."
            )
        self.mode = mode
        self.head_channels = channels_of_head(channels, heads)
        self.kernel_size, self.conv_size = kernel_size, conv_size
        self.dilation, self.shift = dilation, shift
        self.query, self.key, self.value = (
            projection(channels, channels) for _ in range(3)
        )
        if mode == "local":
            self.position = nn.Parameter(0.02 * torch.randn(2, self.head_channels))
        elif mode == "patchwise":
            num = channels  # hidden, a head's share each
            self.from_query = nn.Conv2d(channels, num, 1, groups=heads)
            self.from_keys = nn.Conv2d(
                channels,
                num,
                kernel_size,
                padding=kernel_size // 2 * dilation,
                dilation=dilation,
                groups=heads,
                bias=False,
            )
            self.to_weights = nn.Conv2d(num, heads * kernel_size**2, 1, groups=heads)
        elif mode == "window":
            self.bias = RelativeBias(heads, (kernel_size, kernel_size))
        num_taps = conv_size**2
        self.mix = nn.Conv2d(3 * heads, num_taps, 1, bias=False)
        # Of each of the d channels its own: K^2 maps in, one map for each head out.
        self.shift_and_sum = nn.Conv2d(
            self.head_channels * num_taps,
            channels,
            conv_size,
            padding=conv_size // 2 * dilation,
            dilation=dilation,
            groups=self.head_channels,
            bias=False,
        )
        with torch.no_grad():
            shifts = torch.eye(num_taps).view(num_taps, conv_size, conv_size)
            self.shift_and_sum.weight.copy_(shifts.expand(channels, -1, -1, -1))
        self.alpha = nn.Parameter(torch.tensor(0.5))
        self.beta = nn.Parameter(torch.tensor(0.5))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        query, key, value = (
            layer(x).unflatten(1, (self.heads, -1))
            for layer in (self.query, self.key, self.value)
        )
        attended = self._attend(query, key, value).flatten(1, 2)
        convolved = self._convolve(query, key, value)
        return self.alpha * attended + self.beta * convolved

    def values(self, x: Tensor) -> Tensor:
        """Return the values of both paths, (B, heads, d, h, w)."""
        return self.value(x).unflatten(1, (self.heads, -1))

    def attend(self, x: Tensor, values: Tensor) -> Tensor:
        """Return what the path of attention gives, (B, heads, d, h, w)."""
        query, key = (
            layer(x).unflatten(1, (self.heads, -1)) for layer in (self.query, self.key)
        )
        return self._attend(query, key, values)

    def _attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Return attention's output for q, k and v (B, heads, d, h, w), likewise."""
        if self.mode == "local":
            side = self.kernel_size
            places = pixel_positions(side, side, query.device) - side // 2
            offsets = (self.dilation * places).to(query.dtype) @ self.position
            scaled = query * self.head_channels**-0.5
            return local_attention(scaled, key, value, offsets, self.dilation)
        if self.mode == "patchwise":
            hidden = self.from_query(query.flatten(1, 2)) + self.from_keys(
                key.flatten(1, 2)
            )
            weights = self.to_weights(hidden.relu()).unflatten(1, (self.heads, -1))
            return mean_in_windows(weights, value, self.dilation)
        if self.mode == "window":
            return window_attention(query, key, value, self.bias, self.shift)
        height, width = query.shape[-2:]
        query, key, value = (
            part.flatten(3).transpose(-2, -1).contiguous()
            for part in (query, key, value)
        )
        seen = F.scaled_dot_product_attention(query, key, value)
        return join_heads(seen, height, width).unflatten(1, (self.heads, -1))

    def _convolve(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Return the convolution's output (B, C, h, w), ordered by head."""
        height, width = query.shape[-2:]
        stacked = torch.cat([query, key, value], dim=1)  # (B, 3 heads, d, h, w)
        mixed = self.mix(stacked.flatten(3))  # (B, K^2, d, h w)
        grouped = mixed.transpose(1, 2).flatten(1, 2).unflatten(2, (height, width))
        summed = self.shift_and_sum(grouped).unflatten(1, (-1, self.heads))
        return summed.transpose(1, 2).flatten(1, 2)

    def uncounted_macs(self, height: int, width: int) -> int:
        """Return the products of scores and values in windows around pixels."""
        per_pixel = {"local": 2, "patchwise": 1}.get(self.mode, 0)
        return per_pixel * self.kernel_size**2 * self.channels * height * width

"""Where a pixel is, for attention, which sees a set of pixels and no map.

Without any of these, attention is equivariant to every permutation of the pixels.
Positions are counted in float32 whatever the type of the features: bfloat16 knows whole
numbers up to 256 only.
"""

import torch
from torch import Tensor, nn

SINUSOIDAL, LEARNED, RELATIVE, BIAS = "sinusoidal", "learned", "relative", "bias"


def side_positions(length: int, device: torch.device) -> Tensor:
    """Return 0, 1, ... for the rows or columns of a map, (length,), float32."""
    return torch.arange(length, device=device, dtype=torch.float32)


def side_offsets(length: int, device: torch.device) -> Tensor:
    """Return j - i of two rows or columns of a map, (length, length), float32."""
    places = side_positions(length, device)
    return places - places[:, None]


def pixel_positions(height: int, width: int, device: torch.device) -> Tensor:
    """Return (y, x) of every pixel of a map, row by row, (h w, 2), float32."""
    return torch.cartesian_prod(
        side_positions(height, device), side_positions(width, device)
    )


def sinusoidal_positions(
    channels: int, height: int, width: int, device: torch.device | None = None
) -> Tensor:
    """Return waves of falling frequency along y and along x.

    Channel 2 m of the first half of the channels is sin(y / 10000^(2 m / (C/2))),
    channel 2 m + 1 its cosine; so the second half of x. One dimension: Vaswani et al.,
    https://arxiv.org/abs/1706.03762, Sec. 3.5; half of the channels for each of two:
    Carion et al., https://arxiv.org/abs/2005.12872, App. A.4.

    Args:
        channels: C, a multiple of 4.
        height: Rows of the map.
        width: Columns of the map.
        device: Where the result shall be.

    Returns:
        (C, h, w), float32, in [-1, 1]. Rows and columns count from 0.

    Raises:
        ValueError: If 4 does not divide the channels.
    """
    if channels % 4:
        raise ValueError(
            f"Sinusoidal positions need channels that 4 divides, got {channels}."
        )
    half = channels // 2
    exponents = torch.arange(0, half, 2, device=device, dtype=torch.float32) / half
    rates = 10000.0**-exponents

    def waves(length: int) -> Tensor:
        angles = torch.arange(length, device=device)[:, None] * rates
        return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1).T

    return torch.cat(
        [
            waves(height)[:, :, None].expand(half, height, width),
            waves(width)[:, None, :].expand(half, height, width),
        ]
    )


class LearnedPositions(nn.Module):
    """A vector for each pixel, added to the features (Dosovitskiy et al., ViT).

    Args:
        channels: C.
        size: (h, w) of the maps. They can have no other.
    """

    def __init__(self, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.empty(1, channels, *size))
        nn.init.trunc_normal_(self.table, std=0.02)

    def forward(self, height: int, width: int) -> Tensor:
        """Return (1, C, h, w).

        Raises:
            ValueError: If the map has another size.
        """
        if (height, width) != tuple(self.table.shape[-2:]):
            raise ValueError(
                f"Learned positions are of maps of {_size(self.table.shape[-2:])}, got "
                f"one of {height}x{width}. Set size, or take 'sinusoidal' positions, "
                "which fit every map."
            )
        return self.table


class RelativePositions(nn.Module):
    """A vector for each vertical and one for each horizontal offset, for the queries.

    s_ij = q_i . (r_dy + r_dx), shared by the heads (Bello et al.,
    https://arxiv.org/abs/1904.09925, Sec. 3.2; Srinivas et al.,
    https://arxiv.org/abs/2101.11605, Fig. 4).

    Args:
        head_channels: d, channels of a head.
        size: (h, w) of the largest map.
    """

    def __init__(self, head_channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        height, width = size
        self.size = size
        std = head_channels**-0.5
        self.rows = nn.Parameter(std * torch.randn(2 * height - 1, head_channels))
        self.columns = nn.Parameter(std * torch.randn(2 * width - 1, head_channels))

    def forward(self, query: Tensor, height: int, width: int) -> Tensor:
        """Return the scores (B, heads, h w, h w) of queries (B, heads, h w, d).

        Raises:
            ValueError: If the map is larger than the largest.
        """
        _check_fits((height, width), self.size)
        rows = self.rows[_offsets(height, self.size[0])]  # (h, h, d)
        columns = self.columns[_offsets(width, self.size[1])]
        pixels = query.unflatten(2, (height, width))
        vertical = torch.einsum("bnyxd,yvd->bnyxv", pixels, rows)
        horizontal = torch.einsum("bnyxd,xud->bnyxu", pixels, columns)
        return (
            (vertical[..., :, None] + horizontal[..., None, :]).flatten(4).flatten(2, 3)
        )


class RelativeBias(nn.Module):
    """A number for each offset and head, added to the scores.

    Liu et al., "Swin Transformer", https://arxiv.org/abs/2103.14030, Eq. 4.

    Args:
        heads: Heads of attention.
        size: (h, w) of the largest map.
    """

    def __init__(self, heads: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.size = size
        height, width = size
        self.table = nn.Parameter(
            torch.empty((2 * height - 1) * (2 * width - 1), heads)
        )
        nn.init.trunc_normal_(self.table, std=0.02)

    def forward(self, height: int, width: int) -> Tensor:
        """Return the biases (heads, h w, h w).

        Raises:
            ValueError: If the map is larger than the largest.
        """
        _check_fits((height, width), self.size)
        rows = _offsets(height, self.size[0])[:, None, :, None]
        columns = _offsets(width, self.size[1])[None, :, None, :]
        places = rows * (2 * self.size[1] - 1) + columns  # (h, w, h, w)
        return self.table[places.flatten(2).flatten(0, 1)].permute(2, 0, 1)


def _offsets(length: int, largest: int) -> Tensor:
    """Return the row of a table that holds j - i, for i and j in [0, length)."""
    places = torch.arange(length)
    return places[None, :] - places[:, None] + largest - 1


def _check_fits(size: tuple[int, int], largest: tuple[int, int]) -> None:
    if size[0] > largest[0] or size[1] > largest[1]:
        raise ValueError(
            f"Relative positions reach over maps of {_size(largest)}, got one of "
            f"{_size(size)}. Set size to the largest map."
        )


def _size(size: torch.Size | tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"

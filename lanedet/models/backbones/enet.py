"""ENet with the extra encoder stage of Self Attention Distillation.

ENet: Paszke et al., "ENet: A Deep Neural Network Architecture for Real-Time Semantic
Segmentation", https://arxiv.org/abs/1606.02147, Table 1 and Figure 2.
E4: Hou et al., "Learning Lightweight Lane Detection CNNs by Self Attention
Distillation", https://arxiv.org/abs/1908.00821, Figure 3: a fourth encoder stage of the
structure of the third, whose output is concatenated with the third's for the decoder.

Shapes in comments: B batch, H W network input.
"""

from typing import Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lanedet.models.backbones.base_backbone import LaneBackbone, StageFeatures
from lanedet.models.context.placement import (
    REPLACE,
    Context,
    build_context,
    layers_after,
)
from lanedet.models.fuse import fuse_children, fuse_layers, in_place
from lanedet.models.residual import Residual


class ENet(LaneBackbone):
    """ENet encoder E1..E4 and decoder D1, D2.

    Args:
        extra_stage: Whether the stage E4 is there (ENet-SAD) or not (stock ENet).
        share_extra_stage: Whether E4 uses E3's convolutions. The paper does not say
            so, but of the readings with an E4 this one comes nearest to its 0.98 M
            parameters at 288x800 with four lanes: 0.986 M, against 1.128 M with two
            stages of their own (tests/models/test_parameter_counts.py). The batch
            normalisations and activations are never shared: E3 and E4 see inputs of
            different statistics, and one running mean cannot serve both.
        dropout: Probability of dropping a channel in a bottleneck of E2, E3 and E4.
            E1 uses a tenth of it, as in ENet; the decoder uses none.
        decoder: Whether D1 and D2 are there. Heads that read the encoder alone do
            without, and without unpooling.
        context: Layers by which pixels see one another, by the stage that they come
            after (:data:`Context`).

    Raises:
        ValueError: If a context layer does not fit.
    """

    stride = 8

    def __init__(
        self,
        *,
        extra_stage: bool = True,
        share_extra_stage: bool = True,
        dropout: float = 0.1,
        decoder: bool = True,
        context: Context | None = None,
    ) -> None:
        super().__init__()
        self.stage_channels = {"E1": 64, "E2": 128, "E3": 128}
        if extra_stage:
            self.stage_channels["E4"] = 128
        self.initial = InitialBlock(3, 16)
        self.down1 = DownBottleneck(16, 64, dropout / 10, keep_indices=decoder)
        self.e1 = nn.Sequential(*(Bottleneck(64, dropout / 10) for _ in range(4)))
        self.down2 = DownBottleneck(64, 128, dropout, keep_indices=decoder)
        self.e2 = _context_stage(dropout)
        self.e3 = _context_stage(dropout)
        self.e4 = _context_stage(dropout) if extra_stage else None
        if self.e4 is not None and share_extra_stage:
            _share_convolutions(self.e3, self.e4)
        if decoder:
            self._add_decoder(128 if self.e4 is None else 256)
        placed = build_context(context, self.stage_channels)
        if replacing := [each.stage for each in placed if each.where == REPLACE]:
            raise ValueError(
                f"ENet takes context layers after a stage only, got where={REPLACE!r} "
                f"for {replacing[0]!r}."
            )
        self.context = layers_after(placed)

    def _add_decoder(self, in_channels: int) -> None:
        self.stage_channels |= {"D1": 64, "D2": 16}
        self.up1 = UpBottleneck(in_channels, 64)
        self.d1 = nn.Sequential(
            Bottleneck(64, 0.0, activation=nn.ReLU),
            Bottleneck(64, 0.0, activation=nn.ReLU),
        )
        self.up2 = UpBottleneck(64, 16)
        self.d2 = Bottleneck(16, 0.0, activation=nn.ReLU)

    def forward(self, inputs: Tensor) -> StageFeatures:
        """Return the output of every stage.

        Args:
            inputs: Normalised images, (B, 3, H, W), H and W multiples of 8.

        Returns:
            ``E1`` (B, 64, H/4, W/4), ``E2``, ``E3`` and, if it is there, ``E4``
            (B, 128, H/8, W/8); with the decoder ``D1`` (B, 64, H/4, W/4) and ``D2``
            (B, 16, H/2, W/2).

        Raises:
            ValueError: If H or W is not a multiple of 8.
        """
        self.check_size(inputs.shape[-2:])
        features: StageFeatures = {}
        x, indices1 = self.down1(self.initial(inputs))
        features["E1"] = self.in_context("E1", self.e1(x))
        x, indices2 = self.down2(features["E1"])
        features["E2"] = self.in_context("E2", self.e2(x))
        features["E3"] = encoded = self.in_context("E3", self.e3(features["E2"]))
        if self.e4 is not None:
            features["E4"] = self.in_context("E4", self.e4(features["E3"]))
        if indices1 is None or indices2 is None:  # there is no decoder
            return features
        if self.e4 is not None:
            encoded = torch.cat([features["E3"], features["E4"]], dim=1)
        d1 = self.d1(self.up1(encoded, indices2))
        features["D1"] = self.in_context("D1", d1)
        d2 = self.d2(self.up2(features["D1"], indices1))
        features["D2"] = self.in_context("D2", d2)
        return features

    def fuse(self) -> Self:
        """Return the backbone with fused blocks."""
        fuse_children(self)
        return self


class InitialBlock(nn.Module):
    """Halve the resolution by a convolution beside a max-pooling (ENet, Fig. 2a)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, out_channels - in_channels, 3, stride=2, padding=1, bias=False
        )
        self.pool = nn.MaxPool2d(2)
        self.norm = nn.BatchNorm2d(out_channels)
        self.activation = nn.PReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, out_channels, H/2, W/2)."""
        out = torch.cat([self.conv(x), self.pool(x)], dim=1)
        return cast(Tensor, self.activation(self.norm(out)))

    def fuse(self) -> "_FusedInitialBlock":
        """Return a block that concatenates and normalises nothing."""
        return _FusedInitialBlock(self)


class _FusedInitialBlock(nn.Module):
    """One convolution that makes all channels, to which the maxima are added."""

    scale: Tensor

    def __init__(self, block: InitialBlock) -> None:
        super().__init__()
        norm, num_learned = block.norm, block.conv.out_channels
        assert norm.running_var is not None
        # A filter of zeros for each maximum.
        conv = nn.Conv2d(
            block.conv.in_channels,
            norm.num_features,
            3,
            stride=2,
            padding=1,
            bias=False,
        ).eval()
        nn.init.zeros_(conv.weight)
        conv.weight.data[:num_learned] = block.conv.weight
        self.conv = fuse_conv_bn_eval(conv, norm).requires_grad_(False)
        scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        self.register_buffer("scale", scale[num_learned:, None, None].clone())
        self.num_learned = num_learned
        self.activation = in_place(block.activation)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, out_channels, H/2, W/2)."""
        out: Tensor = self.conv(x)
        # The maxima of rows and then of columns: a pooling of three channels does
        # not vectorise, and takes ten times as long on a CPU.
        rows = torch.maximum(x[:, :, ::2], x[:, :, 1::2])
        maxima = torch.maximum(rows[..., ::2], rows[..., 1::2])
        out[:, self.num_learned :] += maxima * self.scale
        return cast(Tensor, self.activation(out))

    def plain(self) -> "_PlainInitialBlock":
        """Return a block that writes into no slice."""
        return _PlainInitialBlock(self)


class _PlainInitialBlock(nn.Module):
    """Two convolutions: one of the image, one that scales its maxima."""

    def __init__(self, block: _FusedInitialBlock) -> None:
        super().__init__()
        self.conv, self.activation = block.conv, block.activation
        num_maxima = block.scale.shape[0]
        self.spread = nn.Conv2d(num_maxima, self.conv.out_channels, 1, bias=False)
        self.spread.requires_grad_(False)
        nn.init.zeros_(self.spread.weight)
        scale = block.scale[:, 0, 0]
        self.spread.weight[block.num_learned :, :, 0, 0] = torch.diag(scale)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, out_channels, H/2, W/2)."""
        # Pictures come with the channels of a pixel side by side: so left, they are
        # read pixel by pixel and not number by number.
        pixels = x.permute(0, 2, 3, 1)
        rows = torch.maximum(pixels[:, ::2], pixels[:, 1::2])
        maxima = torch.maximum(rows[:, :, ::2], rows[:, :, 1::2]).permute(0, 3, 1, 2)
        return cast(Tensor, self.activation(self.conv(x) + self.spread(maxima)))


class Bottleneck(nn.Module):
    """Residual block at constant size (ENet, Fig. 2b).

    Args:
        channels: Input and output channels; the block works on a quarter of them.
        dropout: Probability of dropping a channel of the residual.
        dilation: Dilation of the 3x3 convolution.
        asymmetric: Side of a 5x1 and 1x5 pair that replaces the 3x3 one, or None.
        activation: ``nn.PReLU`` in the encoder, ``nn.ReLU`` in the decoder.
    """

    def __init__(
        self,
        channels: int,
        dropout: float,
        *,
        dilation: int = 1,
        asymmetric: int | None = None,
        activation: type[nn.Module] = nn.PReLU,
    ) -> None:
        super().__init__()
        inner = channels // 4
        spatial: list[nn.Module]
        if asymmetric is None:
            spatial = [
                nn.Conv2d(
                    inner, inner, 3, padding=dilation, dilation=dilation, bias=False
                )
            ]
        else:
            side, pad = asymmetric, asymmetric // 2
            spatial = [
                nn.Conv2d(inner, inner, (side, 1), padding=(pad, 0), bias=False),
                nn.Conv2d(inner, inner, (1, side), padding=(0, pad), bias=False),
            ]
        self.residual = Residual(
            nn.Conv2d(channels, inner, 1, bias=False),
            nn.BatchNorm2d(inner),
            activation(),
            *spatial,
            nn.BatchNorm2d(inner),
            activation(),
            nn.Conv2d(inner, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.Dropout2d(dropout),
        )
        self.activation: nn.Module = activation()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        return self.residual.add_to(x, x, self.activation)

    def fuse(self) -> Self:
        """Return the block with fused layers."""
        self.residual = self.residual.fuse()
        self.activation = in_place(self.activation)
        return self


class DownBottleneck(nn.Module):
    """Halve the resolution and keep where each maximum was (ENet, Fig. 2b).

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        dropout: Probability of dropping a channel of the residual.
        keep_indices: Whether anything will unpool to where the maxima were. To find
            them takes longer than to find the maxima.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        dropout: float,
        *,
        keep_indices: bool = True,
    ) -> None:
        super().__init__()
        self.keep_indices = keep_indices
        inner = out_channels // 4
        self.residual = nn.Sequential(
            nn.Conv2d(in_channels, inner, 2, stride=2, bias=False),
            nn.BatchNorm2d(inner),
            nn.PReLU(),
            nn.Conv2d(inner, inner, 3, padding=1, bias=False),
            nn.BatchNorm2d(inner),
            nn.PReLU(),
            nn.Conv2d(inner, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.Dropout2d(dropout),
        )
        self.activation: nn.Module = nn.PReLU()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Map (B, C, h, w) to (B, out_channels, h/2, w/2) and the pooling indices."""
        indices: Tensor | None = None
        if self.keep_indices:
            pooled, indices = F.max_pool2d(x, 2, return_indices=True)
        else:
            pooled = F.max_pool2d(x, 2)
        out: Tensor = self.residual(x)
        out[:, : pooled.shape[1]] += pooled  # to the new channels, zeros
        return self.activation(out), indices

    def fuse(self) -> Self:
        """Return the block with fused layers."""
        self.residual = nn.Sequential(*fuse_layers(self.residual))
        self.activation = in_place(self.activation)
        return self

    def plain(self) -> "_PlainDownBottleneck":
        """Return a block without indices: masks say where each maximum was."""
        return _PlainDownBottleneck(self)


_Phases = tuple[Tensor, Tensor, Tensor, Tensor]
"""The four pixels of each 2x2 cell, row by row, or something for each of them."""


class _PlainDownBottleneck(nn.Module):
    """:class:`DownBottleneck` by the four pixels of each cell instead of a pooling."""

    def __init__(self, block: DownBottleneck) -> None:
        super().__init__()
        self.keep_indices = block.keep_indices
        self.residual, self.activation = block.residual, block.activation

    def forward(self, x: Tensor) -> tuple[Tensor, _Phases | None]:
        """Map (B, C, h, w) to (B, out_channels, h/2, w/2) and masks of the maxima.

        There is a mask (B, C, h/2, w/2) for each pixel of a cell: 1 where it holds the
        cell's maximum, else 0.
        """
        upper, lower = x[:, :, ::2], x[:, :, 1::2]
        a, b = upper[..., ::2], upper[..., 1::2]
        c, d = lower[..., ::2], lower[..., 1::2]
        pooled = torch.maximum(torch.maximum(a, b), torch.maximum(c, d))
        masks = _first_maxima((a, b, c, d), pooled) if self.keep_indices else None
        out: Tensor = self.residual(x)
        new_channels = out.shape[1] - pooled.shape[1]
        out = out + F.pad(pooled, (0, 0, 0, 0, 0, new_channels))
        return self.activation(out), masks


def _first_maxima(phases: _Phases, pooled: Tensor) -> _Phases:
    """Return masks of the first maximum of each cell.

    Ties are common, and all that unpooling does hangs on them: the first one wins, as
    in PyTorch's pooling.
    """
    # 0 where a pixel is the maximum, else 1, in arithmetic: half the comparisons that
    # runtimes have are slower, and some have none of half precision.
    a, b, c, _ = (torch.ceil((pooled - each).clamp(0, 1)) for each in phases)
    ab, abc = a * b, a * b * c
    return 1 - a, a - ab, ab - abc, abc


def _from_phases(phases: Tensor) -> Tensor:
    """Return (B, C, 2h, 2w) of its phases (B, 4C, h, w), one after the other.

    ``F.pixel_shuffle`` has the phases of one channel side by side, for which runtimes
    must bring the maps into another order first.
    """
    _, channels, height, width = phases.shape
    cells = phases.reshape(-1, 2, 2, channels // 4, height, width)
    cells = cells.permute(0, 3, 4, 1, 5, 2)
    return cells.reshape(-1, channels // 4, 2 * height, 2 * width)


class UpBottleneck(nn.Module):
    """Double the resolution by unpooling to where the maxima were (ENet, Fig. 2b)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        inner = out_channels // 4
        self.main = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.residual = Residual(
            nn.Conv2d(in_channels, inner, 1, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU(),
            nn.ConvTranspose2d(
                inner, inner, 3, stride=2, padding=1, output_padding=1, bias=False
            ),
            nn.BatchNorm2d(inner),
            nn.ReLU(),
            nn.Conv2d(inner, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.activation: nn.Module = nn.ReLU()

    def forward(self, x: Tensor, indices: Tensor) -> Tensor:
        """Map (B, C, h, w) to (B, out_channels, 2h, 2w).

        Args:
            x: Features to enlarge.
            indices: Indices of the max-pooling to undo; its input had ``out_channels``.
        """
        # The pooling ran on out_channels channels, so its indices fit one to one.
        main = F.max_unpool2d(self.main(x), indices, [2, 2])
        return self.residual.add_to(main, x, self.activation)

    def fuse(self) -> Self:
        """Return the block with fused layers."""
        self.main = nn.Sequential(*fuse_layers(self.main))
        self.residual = self.residual.fuse()
        self.activation = in_place(self.activation)
        return self

    def plain(self) -> "_PlainUpBottleneck":
        """Return a block that unpools by masks."""
        return _PlainUpBottleneck(self)


class _PlainUpBottleneck(nn.Module):
    """:class:`UpBottleneck` behind a pooling that kept masks."""

    def __init__(self, block: UpBottleneck) -> None:
        super().__init__()
        self.main, self.residual = block.main, block.residual
        self.activation = block.activation

    def forward(self, x: Tensor, masks: _Phases) -> Tensor:
        """Map (B, C, h, w) to (B, out_channels, 2h, 2w).

        Args:
            x: Features to enlarge.
            masks: Where the maxima were, each (B, out_channels, h, w).
        """
        main: Tensor = self.main(x)
        unpooled = _from_phases(torch.cat([main * mask for mask in masks], dim=1))
        return self.residual.add_to(unpooled, x, self.activation)


def _context_stage(dropout: float) -> nn.Sequential:
    """Return the eight bottlenecks of ENet's second and third stage (Table 1)."""
    return nn.Sequential(
        Bottleneck(128, dropout),
        Bottleneck(128, dropout, dilation=2),
        Bottleneck(128, dropout, asymmetric=5),
        Bottleneck(128, dropout, dilation=4),
        Bottleneck(128, dropout),
        Bottleneck(128, dropout, dilation=8),
        Bottleneck(128, dropout, asymmetric=5),
        Bottleneck(128, dropout, dilation=16),
    )


def _share_convolutions(source: nn.Module, target: nn.Module) -> None:
    """Make ``target`` use the convolution weights of ``source``."""
    for ours, theirs in zip(target.modules(), source.modules(), strict=True):
        if isinstance(ours, nn.Conv2d) and isinstance(theirs, nn.Conv2d):
            ours.weight = theirs.weight

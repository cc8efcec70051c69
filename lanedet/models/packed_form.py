"""An evaluation form whose convolutions go to oneDNN with as little as possible around.

PyTorch's convolution on a CPU brings its weights into oneDNN's order at each call, and
the bias, the activation and the sum of a residual block pass over the result again. A
network of many small convolutions, as ENet is, spends half of its time so. Here the
weights are put in order once, and the convolution itself adds and activates, by the
operators to which ``torch.compile`` leads on a CPU; nothing is compiled.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.backbones.enet import ENet
from lanedet.models.evaluation_form import (
    FoldedBottleneck,
    FoldedUpBottleneck,
    evaluation_form,
)
from lanedet.models.lane_detector import LaneDetector

_OPERATORS = ("_convolution_pointwise", "_reorder_convolution_weight")


def packed_form(detector: LaneDetector) -> LaneDetector:
    """Return the evaluation form of a detector, packed if it is an ENet on a CPU.

    The wide convolutions of a ResNet have too much to compute for this to matter, and
    in an order that was chosen without their size they take 1.5 times as long.

    Outputs are those of :func:`~lanedet.models.evaluation_form` up to the rounding of
    floats. The detector that is returned stays on its device and cannot be exported.

    Args:
        detector: A trained detector on any device. It is not changed.
    """
    fast = evaluation_form(detector)
    is_on_cpu = next(fast.parameters()).device.type == "cpu"
    if isinstance(detector.backbone, ENet) and is_on_cpu and _has_operators():
        fast.backbone = _pack(fast.backbone)
        fast.head = _pack(fast.head)
    return fast


def _has_operators() -> bool:
    """Return whether this PyTorch has oneDNN and the operators that are used here."""
    return torch.backends.mkldnn.is_available() and all(
        hasattr(torch.ops.mkldnn, name) for name in _OPERATORS
    )


def _can_pack(conv: nn.Conv2d) -> bool:
    return (
        conv.weight.dtype == torch.float32
        and conv.padding_mode == "zeros"
        and not isinstance(conv.padding, str)
    )


def _pack_conv(conv: nn.Conv2d) -> nn.Module:
    return PackedConv2d(conv) if _can_pack(conv) else conv


def _pack(module: nn.Module) -> nn.Module:
    """Return a module with packed convolutions, changing it."""
    form = _FORMS.get(type(module))
    if form is not None:
        return form(module)
    for name, child in module.named_children():
        module.register_module(name, _pack(child))
    return module


class PackedConv2d(nn.Module):
    """A convolution of float32 on a CPU, with the activation after it."""

    def __init__(self, conv: nn.Conv2d, activation: nn.Module | None = None) -> None:
        super().__init__()
        self._geometry: tuple[Any, ...] = (
            list(conv.padding),
            list(conv.stride),
            list(conv.dilation),
            conv.groups,
        )
        # No parameters: what oneDNN has ordered can neither be moved nor be cast.
        self._weight = torch.ops.mkldnn._reorder_convolution_weight(
            conv.weight.detach(), *self._geometry
        )
        self._bias = None if conv.bias is None else conv.bias.detach()
        self._activation: tuple[str, list[float], str] = ("none", [], "")
        if isinstance(activation, nn.ReLU):
            self._activation = ("relu", [], "")
        elif isinstance(activation, nn.LeakyReLU):
            self._activation = ("leaky_relu", [activation.negative_slope], "")

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) as the convolution and the activation did."""
        out: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self._weight, self._bias, *self._geometry, *self._activation
        )
        return out

    def plus(self, x: Tensor, other: Tensor, activation: nn.Module) -> Tensor:
        """Return ``activation(self(x) + other)``."""
        relu = "relu" if isinstance(activation, nn.ReLU) else None
        out: Tensor = torch.ops.mkldnn._convolution_pointwise.binary(
            x,
            other,
            self._weight,
            self._bias,
            *self._geometry,
            "add",
            1.0,
            relu,
            [],
            None,
        )
        return out if relu else activation(out)


class _PackedResidual(nn.Module):
    """What a residual block adds to its shortcut: packed layers, the last one apart."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        *first, last = _pack_sequence(layers)
        assert isinstance(last, PackedConv2d)
        self.first, self.last = nn.Sequential(*first), last

    def forward(self, x: Tensor, shortcut: Tensor, activation: nn.Module) -> Tensor:
        """Return ``activation(layers(x) + shortcut)``."""
        return self.last.plus(self.first(x), shortcut, activation)


class _PackedBottleneck(nn.Module):
    def __init__(self, block: FoldedBottleneck) -> None:
        super().__init__()
        self.residual = _PackedResidual(block.residual)
        self.activation = block.activation

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.residual(x, x, self.activation)
        return out


class _PackedUpBottleneck(nn.Module):
    def __init__(self, block: FoldedUpBottleneck) -> None:
        super().__init__()
        self.main = _pack(block.main)
        self.residual = _PackedResidual(block.residual)
        self.activation = block.activation

    def forward(self, x: Tensor, indices: Tensor) -> Tensor:
        main = F.max_unpool2d(self.main(x), indices, [2, 2])
        out: Tensor = self.residual(x, main, self.activation)
        return out


def _pack_sequence(layers: nn.Module) -> nn.Sequential:
    """Return layers that run one after another, with packed convolutions."""
    packed: list[nn.Module] = []
    waiting = list(layers.children())
    while waiting:
        layer = waiting.pop(0)
        if type(layer) is not nn.Conv2d or not _can_pack(layer):
            packed.append(_pack(layer))
        elif waiting and isinstance(waiting[0], nn.ReLU | nn.LeakyReLU):
            packed.append(PackedConv2d(layer, waiting.pop(0)))
        else:
            packed.append(PackedConv2d(layer))
    return nn.Sequential(*packed)


_FORMS: dict[type[nn.Module], Callable[..., nn.Module]] = {
    FoldedBottleneck: _PackedBottleneck,
    FoldedUpBottleneck: _PackedUpBottleneck,
    nn.Conv2d: _pack_conv,
    nn.Sequential: _pack_sequence,
}
"""How a module of exactly this class is packed."""

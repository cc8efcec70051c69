"""Convolutions handed to oneDNN with as little as possible around them.

PyTorch's convolution on a CPU brings its weights into oneDNN's order at each call, and
the bias, the activation and the sum of a residual block pass over the result again. A
network of many small convolutions, as ENet is, spends half of its time so. Here the
weights are put in order once, and the convolution itself adds and activates, by the
private operators of PyTorch to which ``torch.compile`` leads on a CPU; nothing is
compiled. Without these operators a detector stays as it is.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from lanedet.models.lane_detector import LaneDetector
from lanedet.models.residual import Residual

_OPERATORS = ("_convolution_pointwise", "_reorder_convolution_weight")


def prepare_for_onednn(detector: LaneDetector) -> LaneDetector:
    """Return a fused detector prepared for oneDNN where that makes it faster.

    That is on a CPU, with a backbone of narrow layers. The wide convolutions of a
    ResNet have too much to compute for this to matter, and in an order that was chosen
    without their size they take 1.5 times as long.

    Args:
        detector: From :meth:`LaneDetector.fused`. It is changed: prepared, it stays on
            its device and in float32, and cannot be exported. Its outputs are the same
            up to the rounding of floats.
    """
    is_on_cpu = next(detector.parameters()).device.type == "cpu"
    is_narrow = detector.backbone.has_narrow_layers
    if is_narrow and is_on_cpu and _has_operators():
        for part in (detector.backbone, detector.head):
            _prepare(part)
    return detector


def _has_operators() -> bool:
    """Return whether this PyTorch has oneDNN and the operators that are used here."""
    return torch.backends.mkldnn.is_available() and all(
        hasattr(torch.ops.mkldnn, name) for name in _OPERATORS
    )


def _prepare(module: nn.Module) -> nn.Module:
    """Return a module with prepared convolutions, changing it."""
    if isinstance(module, Residual):
        return _PreparedResidual(module)
    if type(module) is nn.Sequential:
        return nn.Sequential(*_prepare_layers(module))
    if _can_prepare(module):
        return PreparedConv2d(module)
    for name, child in module.named_children():
        module.register_module(name, _prepare(child))
    return module


def _prepare_layers(layers: Iterable[nn.Module]) -> list[nn.Module]:
    """Return layers that run in this order, with prepared convolutions."""
    prepared: list[nn.Module] = []
    waiting = list(layers)
    while waiting:
        layer = waiting.pop(0)
        if not _can_prepare(layer):
            prepared.append(_prepare(layer))
        elif waiting and isinstance(waiting[0], nn.ReLU | nn.LeakyReLU):
            prepared.append(PreparedConv2d(layer, waiting.pop(0)))
        else:
            prepared.append(PreparedConv2d(layer))
    return prepared


def _can_prepare(module: nn.Module) -> bool:
    return (
        type(module) is nn.Conv2d
        and module.weight.dtype == torch.float32
        and module.padding_mode == "zeros"
        and not isinstance(module.padding, str)
    )


class PreparedConv2d(nn.Module):
    """A convolution of float32 on a CPU, with the activation after it."""

    def __init__(self, conv: Any, activation: nn.Module | None = None) -> None:
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

    def add_to(self, shortcut: Tensor, x: Tensor, activation: nn.Module) -> Tensor:
        """Return ``activation(self(x) + shortcut)``."""
        relu = "relu" if isinstance(activation, nn.ReLU) else None
        out: Tensor = torch.ops.mkldnn._convolution_pointwise.binary(
            x,
            shortcut,
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


class _PreparedResidual(nn.Module):
    """A :class:`Residual` that ends in a convolution, which makes the sum."""

    def __init__(self, residual: Residual) -> None:
        super().__init__()
        *first, last = _prepare_layers(residual)
        assert isinstance(last, PreparedConv2d)
        self.first, self.last = nn.Sequential(*first), last

    def add_to(self, shortcut: Tensor, x: Tensor, activation: nn.Module) -> Tensor:
        """Return ``activation(layers(x) + shortcut)``."""
        return self.last.add_to(shortcut, self.first(x), activation)

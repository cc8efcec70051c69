"""Trained layers in the form in which they predict fastest.

At inference a batch normalisation is a fixed scale and shift per channel, which the
convolution before it can do itself; dropout does nothing; and no activation is needed
again for a gradient, so that layers can work in place. Results stay the same up to the
rounding of floats.

A module that knows how it is fused says so by a method ``fuse`` beside its
``forward``. :func:`fuse` walks to these.
"""

from collections.abc import Iterable
from typing import Protocol, cast

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights


class Fusable(Protocol):
    """A module that fuses itself."""

    def fuse(self) -> nn.Module:
        """Return the module in its fused form, which may be another or this one."""


def fuse(module: nn.Module) -> nn.Module:
    """Return the fused form of a module in evaluation mode, changing it.

    That is what its own ``fuse`` returns. A plain ``nn.Sequential`` is fused layer by
    layer, and of all others the children are.
    """
    if hasattr(module, "fuse"):  # as isinstance asks too, in twenty times the time
        return cast(Fusable, module).fuse()
    if type(module) is nn.Sequential:
        return nn.Sequential(*fuse_layers(module))
    return fuse_children(module)


def fuse_children(module: nn.Module) -> nn.Module:
    """Return a module in evaluation mode whose children are fused, changing it."""
    for name, child in module.named_children():
        module.register_module(name, fuse(child))
    return module


def fuse_layers(layers: Iterable[nn.Module]) -> list[nn.Module]:
    """Return the fused form of layers in evaluation mode that run in this order."""
    fused: list[nn.Module] = []
    for layer in layers:
        last = fused[-1] if fused else None
        if not isinstance(last, nn.Conv2d | nn.ConvTranspose2d):
            fused.append(fuse(layer))
        elif isinstance(layer, nn.BatchNorm2d):
            _fold(layer, last)
        else:  # what a convolution returned is nobody else's and may be overwritten
            fused.append(in_place(fuse(layer)))
    return [layer for layer in fused if not isinstance(layer, nn.Dropout2d)]


def _fold(norm: nn.BatchNorm2d, conv: nn.Conv2d | nn.ConvTranspose2d) -> None:
    """Let a convolution do what the normalisation after it does."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    # fuse_conv_bn_eval would copy the convolution first, which takes most of the time.
    conv.weight, conv.bias = fuse_conv_bn_weights(
        conv.weight,
        conv.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
        transpose=isinstance(conv, nn.ConvTranspose2d),
    )


def in_place(activation: nn.Module) -> nn.Module:
    """Return a layer that overwrites its input, if it is an activation."""
    if isinstance(activation, nn.ReLU):
        return nn.ReLU(inplace=True)
    if isinstance(activation, nn.PReLU) and activation.num_parameters == 1:
        return nn.LeakyReLU(activation.weight.item(), inplace=True)
    return activation

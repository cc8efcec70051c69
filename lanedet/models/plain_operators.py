"""Trained layers in operators that every runtime has.

A few layers are written in the way that trains and predicts well in PyTorch, and export
to operators that other runtimes do not have, or run slowly: poolings that return
indices, sums into a slice. A module that knows another form of itself, of the same
results, says so by a method ``plain`` beside its ``forward``, as it may be fused by
``fuse`` (:mod:`lanedet.models.fuse`). :func:`to_plain_operators` walks to these.
"""

from typing import Protocol, runtime_checkable

from torch import nn


@runtime_checkable
class Plain(Protocol):
    """A module that has a form of plain operators."""

    def plain(self) -> nn.Module:
        """Return the module in plain operators, which may be another or this one."""


def to_plain_operators(module: nn.Module) -> nn.Module:
    """Return a fused module (:func:`~lanedet.models.fuse.fuse`) in plain operators.

    It is changed: of a module without a method ``plain`` the children are brought into
    that form.
    """
    if isinstance(module, Plain):
        return module.plain()
    for name, child in module.named_children():
        module.register_module(name, to_plain_operators(child))
    return module

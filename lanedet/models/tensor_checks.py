"""What a tensor must be to take the place of a model's own."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor


def tensor_misfit(theirs: Any, own: Tensor) -> str | None:
    """Return what keeps a tensor from being that of a model, None if nothing does.

    Its shape must be the same, and its numbers of floating point, of 16 bits or more,
    where the model's are, else whole. Either may be on the meta device.
    """
    if not isinstance(theirs, Tensor):
        return f"is {type(theirs).__name__}, the model wants a tensor"
    if theirs.shape != own.shape:
        return f"has shape {tuple(theirs.shape)}, the model wants {tuple(own.shape)}"
    is_float = theirs.is_floating_point()
    if own.is_floating_point():
        fits = is_float and theirs.itemsize > 1
    else:
        is_bool = theirs.dtype == torch.bool
        is_other = is_float or theirs.is_complex()
        fits = not is_other and is_bool == (own.dtype == torch.bool)
    return None if fits else f"is of {theirs.dtype}, the model wants {own.dtype}"


def find_fault(
    state_dict: Mapping[str, Tensor], dtypes: Mapping[str, torch.dtype]
) -> str | None:
    """Return what no trained model has, None if there is nothing of it.

    Args:
        state_dict: Tensors by name; those on the meta device are not judged.
        dtypes: As which the model will hold each: a number can be too large for it.
    """
    judged = {
        name: tensor.detach().to(dtypes[name])
        for name, tensor in state_dict.items()
        if tensor.is_floating_point() and not tensor.is_meta
    }
    if not _have_finite_sums(judged.values()):
        for name, tensor in judged.items():
            if not tensor.isfinite().all():
                return f"{name} has numbers that are not finite"
    for name, tensor in judged.items():
        if name.endswith("running_var") and tensor.numel() and tensor.min() < 0:
            return f"{name} has a variance below 0"
    return None


def _have_finite_sums(tensors: Iterable[Tensor]) -> bool:
    """Return whether all sums are finite: then so are all numbers.

    It is one pass over each tensor, where looking at its numbers is two.
    """
    sums = [tensor.sum(dtype=torch.float64) for tensor in tensors]
    return not sums or bool(torch.stack(sums).isfinite().all())

"""Weights files to be given away: half the size, and labelled."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from lanedet.formats.models import MODEL_KEY
from lanedet.models.tensor_checks import find_fault, tensor_misfit
from lanedet.models.weights import read_checkpoint, save_weights


def publish_weights(
    path: Path, out: Path, labels: Mapping[str, str], others: Sequence[Path] = ()
) -> None:
    """Write a weights file again with numbers of half precision and more labels.

    With ``others`` the numbers are the mean of all files, statistics of batch
    normalisation included. Where one run went on from the other's weights, it is often
    better than both (Wortsman et al., "Model soups", https://arxiv.org/abs/2203.05482).

    The statistics of batch normalisation stay in float32, as do whole numbers: the
    variances of a deep stage leave the range of float16. Loaded again, all parameters
    are float32.

    Args:
        path: A weights file.
        out: Where to; it appears whole or not at all.
        labels: Added to the provenance, or put in the place of what it says.
        others: Weights files of the same model.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If ``path`` or one of ``others`` is no weights file, they hold
            different models, ``out`` is not named as one, or a number is too large for
            half precision.
    """
    if out.suffix != ".safetensors":
        raise ValueError(f"A weights file must end in .safetensors, got {str(out)!r}.")
    checkpoint = read_checkpoint(path)
    meta = checkpoint["meta"]
    if meta.get(MODEL_KEY) is None:
        raise ValueError(f"{str(path)!r} must be a weights file that describes itself.")
    states = [checkpoint["state_dict"]]
    _check_same_tensors(states[0], states[0], path)
    for other in others:
        another = read_checkpoint(other)
        if another["meta"].get(MODEL_KEY) != meta[MODEL_KEY]:
            raise ValueError(
                f"{str(other)!r} must hold the same model as {str(path)!r}."
            )
        _check_same_tensors(states[0], another["state_dict"], other)
        states.append(another["state_dict"])
    tensors = {
        name: tensor
        if "running_" in name or not tensor.is_floating_point()
        else tensor.half()
        for name, tensor in _mean_state(states).items()
    }
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise ValueError(f"{name} of {str(path)!r} does not fit into float16.")
    out.parent.mkdir(parents=True, exist_ok=True)
    save_weights(out, meta[MODEL_KEY], tensors, {**read_provenance(path), **labels})


def _check_same_tensors(
    own: Mapping[str, Tensor], theirs: Mapping[str, Tensor], source: Path
) -> None:
    """Raise ValueError unless ``theirs`` can be averaged with ``own``."""
    if own.keys() != theirs.keys():
        raise ValueError(f"{str(source)!r} must hold the tensors of the first file.")
    for name, tensor in theirs.items():
        problem = tensor_misfit(tensor, own[name])
        if problem is not None:
            raise ValueError(f"{str(source)!r} cannot be published: {name} {problem}.")
    fault = find_fault(theirs, dict.fromkeys(theirs, torch.float32))
    if fault is not None:
        raise ValueError(f"{str(source)!r} cannot be published: {fault}.")


def _mean_state(states: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of each tensor; of whole numbers, the first."""
    return {
        name: torch.stack([state[name].float() for state in states]).mean(dim=0)
        if first.is_floating_point()
        else first
        for name, first in states[0].items()
    }


def read_provenance(path: Path) -> dict[str, str]:
    """Return what a weights file says of how it was made, by name.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or is no weights file.
    """
    if path.suffix != ".safetensors":
        raise ValueError(f"A weights file must end in .safetensors, got {str(path)!r}.")
    meta = read_checkpoint(path)["meta"]
    return {name: text for name, text in meta.items() if name != MODEL_KEY}

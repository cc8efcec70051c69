"""Weights that others trained on ImageNet, read without running code in them.

Backbones read them in ``init_weights``, which mmengine's Runner calls when a training
begins. A model that is rebuilt from a weights file needs neither them nor a network.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lanedet.models.checkpoint_files import read_pickled, read_safetensors
from lanedet.models.context.context_layer import Added, ContextLayer
from lanedet.models.tensor_checks import find_fault, tensor_misfit

IMAGENET = "imagenet"
"""The value of ``weights`` that stands for torchvision's or timm's own."""


def torchvision_state_dict(name: str, weights: str) -> dict[str, Tensor]:
    """Return the state dict of one of torchvision's models.

    Args:
        name: Name of the model, such as ``resnet18``.
        weights: ``"imagenet"`` for torchvision's default weights, which are fetched
            unless they lie in torch's cache (``$TORCH_HOME/hub/checkpoints``), or the
            path of a file that holds a state dict.

    Raises:
        FileNotFoundError: If there is no file at the path.
        ValueError: If the weights cannot be fetched or the file is damaged.
    """
    if weights != IMAGENET:
        return read_state_dict(weights)
    # Importing torchvision takes a second, which others need not wait for.
    from torchvision.models import get_model_weights

    url = get_model_weights(name).DEFAULT.url
    cached = Path(torch.hub.get_dir()) / "checkpoints" / Path(url).name
    if not cached.is_file():
        cached.parent.mkdir(parents=True, exist_ok=True)
        try:
            _download(url, cached)
        except (OSError, RuntimeError) as error:
            raise ValueError(
                f"The ImageNet weights of {name} could not be fetched ({error}). Fetch "
                f"{url} and put it at {str(cached)!r}, or begin without them: "
                f"{without_weights()}."
            ) from error
    return read_state_dict(cached)


def without_weights() -> str:
    """Return the option of the command line that goes without pretrained weights."""
    return "--cfg-options model.backbone.weights=None"


def read_state_dict(path: Path | str) -> dict[str, Tensor]:
    """Return the tensors in a ``.pth`` or ``.safetensors`` file by name.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, holds more than plain data or is no state dict.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"No pretrained weights at {str(path)!r}. Name a file, or {IMAGENET!r} to "
            f"fetch them, or begin without them: {without_weights()}."
        )
    try:
        state: Any = (
            read_safetensors(path)[1]
            if path.suffix == ".safetensors"
            else read_pickled(path)
        )
    except ValueError as error:
        raise ValueError(
            f"The pretrained weights {str(path)!r} are damaged, or hold objects whose "
            "loading would run code, which is refused. Delete the file and fetch it "
            "again."
        ) from error
    if not isinstance(state, Mapping) or not all(
        isinstance(name, str) and isinstance(value, Tensor)
        for name, value in state.items()
    ):
        raise ValueError(
            f"The pretrained weights {str(path)!r} must be a state dict, tensors by "
            "name."
        )
    return dict(state)


def load_pretrained(
    module: nn.Module, state: Mapping[str, Tensor], source: str
) -> None:
    """Copy the tensors of a module out of a larger state dict.

    Args:
        module: Whose every tensor must be in ``state``, in its shape, but those of
            context layers, which nobody has trained before.
        state: Tensors by name; those the module lacks, such as a classifier, are left.
        source: Where ``state`` is from, for the error message.

    Raises:
        ValueError: If a tensor is missing, has another shape or type, or numbers that
            no trained model has.
    """
    context = tuple(
        f"{name}."
        for name, part in module.named_modules()
        if isinstance(part, ContextLayer | Added)
    )
    own = {
        name: tensor
        for name, tensor in module.state_dict().items()
        if not name.startswith(context)
    }
    unfit = [
        name
        for name, tensor in own.items()
        if name not in state or tensor_misfit(state[name], tensor) is not None
    ]
    if unfit:
        raise ValueError(
            f"The pretrained weights {source!r} do not fit the backbone: "
            f"{len(unfit)} of its {len(own)} tensors are missing or have another "
            f"shape or type, such as {unfit[0]!r}. Name the weights of this very model."
        )
    taken = {name: state[name] for name in own}
    fault = find_fault(taken, {name: tensor.dtype for name, tensor in own.items()})
    if fault is not None:
        raise ValueError(
            f"The pretrained weights {source!r} are of no trained model: {fault}."
        )
    module.load_state_dict(taken, strict=not context)


def _download(url: str, path: Path) -> None:
    """Fetch a file whose name ends in the first digits of its SHA-256."""
    digits = path.stem.rpartition("-")[2]
    torch.hub.download_url_to_file(url, str(path), hash_prefix=digits, progress=False)

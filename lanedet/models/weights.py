"""Weights files and checkpoints: trained models, as tensors and a description.

A weights file is a safetensors file whose metadata holds the description of the model
(:mod:`lanedet.models.descriptions`). What a file says of its tensors is compared with
the model before memory is taken for either.
"""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.registry import MODELS
from safetensors.torch import save
from torch import Tensor, nn

from lanedet.files import replace_file
from lanedet.formats.models import MODEL_KEY
from lanedet.models.checkpoint_files import read_pickled, read_safetensors
from lanedet.models.descriptions import (
    TRAINING_ONLY,
    UNFIT,
    TooManyNumbersError,
    build_model,
    build_outline,
)
from lanedet.models.devices import usable_device
from lanedet.models.lane_detector import LaneDetector
from lanedet.models.tensor_checks import find_fault, tensor_misfit
from lanedet.models.torch_files import META

_MAX_DROPPED = 1 << 24  # numbers that a model may build and not use; 64 MB
_MAX_REASON = 500  # characters of what is wrong with a description
_PARTS = ("meta", "state_dict")


def without_training_parts(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a detector without those of what only trains it."""
    prefixes = tuple(f"{part}." for part in TRAINING_ONLY)
    return {
        name: tensor
        for name, tensor in state_dict.items()
        if not name.startswith(prefixes)
    }


def save_weights(
    path: Path,
    description: Mapping[str, Any],
    state_dict: Mapping[str, Tensor],
    provenance: Mapping[str, str],
) -> None:
    """Write a weights file.

    Args:
        path: Where to; it appears whole or not at all.
        description: From :func:`describe_model`.
        state_dict: Parameters and buffers of the detector; the distiller's are left
            out.
        provenance: How the weights were made, kept in the file's metadata.
    """
    # Tied parameters have one memory; safetensors wants a memory for each name.
    tensors = {
        name: tensor.detach().cpu().clone().contiguous()
        for name, tensor in without_training_parts(state_dict).items()
    }
    metadata = {**provenance, MODEL_KEY: json.dumps(description)}
    # Not by save_file, whose files only their owner may read.
    replace_file(path, save(tensors, metadata))


def load_weights(
    path: Path | str,
    device: torch.device | str = "cpu",
    *,
    config: Mapping[str, Any] | None = None,
) -> LaneDetector:
    """Return a trained detector, ready to predict.

    Args:
        path: A weights file (``.safetensors``) or a training checkpoint (``.pth``).
        device: Where the model goes.
        config: Of the detector, as ``model`` in a training's config. If not given, the
            file must say what model it holds, as those of ``lanedet train`` do.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged, holds no lane detector, another one than
            the config describes or numbers that no trained detector has, or would run
            code; or if there is no such device.
    """
    device = usable_device(device)
    header = read_checkpoint_header(path)
    named = without_training_parts(header.get("state_dict", {}))
    with torch.random.fork_rng(devices=[]):  # its random numbers are nobody's
        if config is None:
            model = _described_model(header, named, path)
        else:
            model = MODELS.build({**config, "distiller": None})
    check_state_dict(model, named, path)
    state_dict = without_training_parts(read_checkpoint(path).get("state_dict", {}))
    check_state_dict(model, state_dict, path)
    model.load_state_dict(state_dict)
    model.eval()
    return model.to(device)


def _described_model(
    checkpoint: Mapping[str, Any], named: Mapping[str, Tensor], path: Path | str
) -> LaneDetector:
    """Return the model that a file describes.

    Args:
        checkpoint: The file's header.
        named: Its tensors, on the meta device. If the model has many more numbers, it
            is outlined there first, where it takes no memory, and compared.
        path: Path of the file.
    """
    description = checkpoint.get("meta", {}).get(MODEL_KEY)
    if description is None:
        raise ValueError(
            f"{str(path)!r} does not say what model it holds. Expected a weights file "
            "or checkpoint that lanedet train wrote, or a config beside it."
        )
    num_numbers = sum(tensor.numel() for tensor in named.values())
    try:
        try:
            return build_model(description, max_numbers=num_numbers + _MAX_DROPPED)
        except TooManyNumbersError:
            outline = build_outline(partial(build_model, description))
    except (ValueError, *UNFIT) as error:
        raise ValueError(
            f"{str(path)!r} describes a model that cannot be built: "
            f"{f'{error}':.{_MAX_REASON}}"
        ) from error
    check_state_dict(outline, named, path)
    return build_model(description)


def read_checkpoint(
    path: Path | str, map_location: torch.device | str | None = "cpu"
) -> dict[str, Any]:
    """Return the content of a checkpoint or weights file; run no code in it.

    A weights file comes back in a checkpoint's form, as ``meta`` and ``state_dict``.

    Args:
        path: A weights file (``.safetensors``) or a training checkpoint (``.pth``).
        map_location: Device on which the tensors are made. None for the CPU.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged or holds more than plain data.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"No weights or checkpoint at {str(path)!r}. Train some with "
            "lanedet train, or with `lanedet demo --train`, in minutes."
        )
    device = torch.device(map_location or "cpu")
    if path.suffix == ".safetensors":
        return _read_weights_file(path, device)
    if path.suffix == ".py":
        raise ValueError(
            f"{str(path)!r} is a config, which holds no weights: name the weights that "
            "were trained with it, as in LaneInferencer(config, weights)."
        )
    checkpoint = read_pickled(path, device)
    if not isinstance(checkpoint, dict) or any(
        not isinstance(checkpoint.get(part, {}), dict) for part in _PARTS
    ):
        raise ValueError(
            f"{str(path)!r} is no checkpoint: it must hold a dict with the dicts "
            f"{' and '.join(_PARTS)}."
        )
    for name in checkpoint.get("state_dict", {}):
        if not isinstance(name, str):
            raise ValueError(
                f"{str(path)!r} is no checkpoint: the tensors of its state_dict must "
                f"have names, got {f'{name!r}':.80}."
            )
    return checkpoint


def read_checkpoint_header(path: Path | str) -> dict[str, Any]:
    """Return the content of a checkpoint or weights file, without the numbers.

    Tensors are on the meta device: they have a shape and a type and take no memory.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged or holds more than plain data.
    """
    return read_checkpoint(path, META)


def check_state_dict(
    model: nn.Module, state_dict: Mapping[str, Tensor], source: Path | str
) -> None:
    """Raise ValueError unless every tensor of the model is there, and can be used.

    It must have the model's shape, be of floating point where the model's is, and hold
    finite numbers, in variances none below 0. Numbers on the meta device are not
    judged. Tensors of a distiller are no reason where the model has none: they only
    train.
    """
    if getattr(model, "distiller", None) is None:
        state_dict = without_training_parts(state_dict)
    own = model.state_dict(keep_vars=True)
    problems = [f"{name} is missing" for name in own.keys() - state_dict.keys()]
    problems += [
        f"{name:.80} is not in the model" for name in state_dict.keys() - own.keys()
    ]
    for name in own.keys() & state_dict.keys():
        problem = tensor_misfit(state_dict[name], own[name])
        if problem is not None:
            problems.append(f"{name} {problem}")
    if problems:
        shown = "; ".join(sorted(problems)[:3])
        num_names = len(own.keys() | state_dict.keys())
        raise ValueError(
            f"{str(source)!r} holds another model than the config describes "
            f"({len(problems)} of {num_names} tensors differ: {shown}). "
            "Use the config it was trained with."
        )
    dtypes = {name: own[name].dtype for name in state_dict}
    fault = find_fault(state_dict, dtypes)
    if fault is not None:
        raise ValueError(
            f"{str(source)!r} holds no trained model: {fault}. Use weights of a "
            "training that went well."
        )


def _read_weights_file(path: Path, device: torch.device) -> dict[str, Any]:
    metadata, state_dict = read_safetensors(path, device)
    meta: dict[str, Any] = dict(metadata)
    try:
        meta[MODEL_KEY] = json.loads(meta.get(MODEL_KEY, "null"))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{str(path)!r} is no whole weights file: the description of its model "
            f"cannot be read: {f'{error}':.{_MAX_REASON}}."
        ) from error
    return {"meta": meta, "state_dict": state_dict}

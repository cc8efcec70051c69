"""Models as plain data: a description that is JSON and tensors, never code.

A weights file is a safetensors file whose metadata holds the description of the model.
A description names classes, and only the ones listed here are ever built: opening a
stranger's file cannot run a stranger's code.
"""

import json
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors
import torch
from mmengine.registry import MODELS
from safetensors.torch import save_file
from torch import Tensor

from lanedet.models.backbones import (
    ENet,
    ResNet,
    TimmFeatures,
    TorchvisionFeatures,
)
from lanedet.models.heads import (
    ConvClassifier,
    ExistenceBranch,
    LaneSegmentationHead,
    LogitsExistenceBranch,
    TransposedConvClassifier,
)
from lanedet.models.lane_detector import LaneDetector
from lanedet.models.losses import ExistenceLoss, SegmentationLoss, SoftIoULoss
from lanedet.ops import (
    ComponentLaneDecoder,
    LaneDecoder,
    LetterboxView,
    StretchView,
)

_DESCRIBABLE: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        ComponentLaneDecoder,
        ConvClassifier,
        ENet,
        ExistenceBranch,
        ExistenceLoss,
        LaneDecoder,
        LaneDetector,
        LaneSegmentationHead,
        LetterboxView,
        LogitsExistenceBranch,
        ResNet,
        SegmentationLoss,
        SoftIoULoss,
        StretchView,
        TimmFeatures,
        TorchvisionFeatures,
        TransposedConvClassifier,
    )
}
_TRAINING_ONLY = ("distiller",)
# What classes raise over arguments that a description should not have.
_UNFIT = (AssertionError, AttributeError, KeyError, RuntimeError, TypeError)
# What torch raises over a file that is cut, changed or not its own.
_DAMAGED = (
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    pickle.UnpicklingError,
)
MODEL_KEY = "lanedet_model"
"""Where a checkpoint's ``meta`` and a weights file's metadata keep the description."""


def describe_model(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a detector's config as JSON-able data, without what only trains it.

    That is the distiller, and the weights with which training the backbone began.

    Raises:
        ValueError: If the config uses a class that no weights file may name.
    """
    description = {
        key: _describe(value)
        for key, value in config.items()
        if key not in _TRAINING_ONLY
    }
    backbone = description.get("backbone")
    if isinstance(backbone, dict) and "weights" in backbone:
        backbone["weights"] = None  # it may be a path of the machine that trained
    return description


def without_training_parts(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a detector without those of what only trains it."""
    prefixes = tuple(f"{part}." for part in _TRAINING_ONLY)
    return {
        name: tensor
        for name, tensor in state_dict.items()
        if not name.startswith(prefixes)
    }


def build_model(description: Mapping[str, Any]) -> LaneDetector:
    """Return the untrained detector that :func:`describe_model` described.

    Raises:
        ValueError: If the description does not fit: an unknown class or argument.
    """
    try:
        model = MODELS.build(_resolve(description))
    except _UNFIT as error:
        raise ValueError(
            f"The description of the model does not fit: {error}"
        ) from error
    if not isinstance(model, LaneDetector):
        raise ValueError(
            f"The description must be that of a LaneDetector, "
            f"got {description.get('type')!r}."
        )
    return model


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
    partial = path.with_suffix(path.suffix + ".part")
    save_file(tensors, partial, metadata=metadata)
    partial.replace(path)


def pack_weights(
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
    for other in others:
        another = read_checkpoint(other)
        if another["meta"].get(MODEL_KEY) != meta[MODEL_KEY]:
            raise ValueError(
                f"{str(other)!r} must hold the same model as {str(path)!r}."
            )
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
            file must say what model it holds, as those of ``tools/train.py`` do.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged, holds no lane detector, or another one than
            the config describes, or would run code.
    """
    checkpoint = read_checkpoint(path)
    if config is None:
        model = _described_model(checkpoint, path)
    else:
        model = MODELS.build({**config, "distiller": None})
    state_dict = without_training_parts(checkpoint.get("state_dict", {}))
    check_state_dict(model, state_dict, path)
    model.load_state_dict(state_dict)
    model.eval()
    return model.to(device)


def _described_model(checkpoint: Mapping[str, Any], path: Path | str) -> LaneDetector:
    description = checkpoint.get("meta", {}).get(MODEL_KEY)
    if description is None:
        raise ValueError(
            f"{str(path)!r} does not say what model it holds. Expected a weights file "
            "or checkpoint that tools/train.py wrote, or a config beside it."
        )
    try:
        return build_model(description)
    except ValueError as error:
        raise ValueError(
            f"{str(path)!r} describes a model that cannot be built: {error}"
        ) from error


def read_checkpoint(
    path: Path | str, map_location: torch.device | str | None = "cpu"
) -> dict[str, Any]:
    """Return the content of a checkpoint or weights file; run no code in it.

    A weights file comes back in a checkpoint's form, as ``meta`` and ``state_dict``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged or holds more than plain data.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"No weights or checkpoint at {str(path)!r}. Train some with "
            "tools/train.py, or run `make demo`."
        )
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    if path.suffix == ".py":
        raise ValueError(
            f"{str(path)!r} is a config, which holds no weights: name the weights that "
            "were trained with it, as in LaneInferencer(config, weights)."
        )
    try:
        checkpoint = torch.load(path, map_location=map_location, weights_only=True)
    except _DAMAGED as error:
        raise ValueError(
            f"{str(path)!r} is no checkpoint of plain data: it is damaged, or it holds "
            "objects whose loading would run code, which is refused."
        ) from error
    parts = ("meta", "state_dict")
    if not isinstance(checkpoint, dict) or any(
        not isinstance(checkpoint.get(part, {}), dict) for part in parts
    ):
        raise ValueError(
            f"{str(path)!r} is no checkpoint: it must hold a dict with the dicts "
            f"{' and '.join(parts)}."
        )
    return checkpoint


def check_state_dict(
    model: torch.nn.Module, state_dict: Mapping[str, Tensor], source: Path | str
) -> None:
    """Raise ValueError unless every tensor of the model is there in its shape.

    Tensors of a distiller are no reason where the model has none: they only train.
    """
    if getattr(model, "distiller", None) is None:
        state_dict = without_training_parts(state_dict)
    own = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    theirs = {
        name: tuple(tensor.shape) if isinstance(tensor, Tensor) else type(tensor)
        for name, tensor in state_dict.items()
    }
    problems = [f"{name} is missing" for name in own.keys() - theirs.keys()]
    problems += [f"{name} is not in the model" for name in theirs.keys() - own.keys()]
    problems += [
        f"{name} has shape {theirs[name]}, the model wants {own[name]}"
        for name in own.keys() & theirs.keys()
        if own[name] != theirs[name]
    ]
    if problems:
        shown = "; ".join(sorted(problems)[:3])
        num_names = len(own.keys() | theirs.keys())
        raise ValueError(
            f"{str(source)!r} holds another model than the config describes "
            f"({len(problems)} of {num_names} tensors differ: {shown}). "
            "Use the config it was trained with."
        )


def _read_safetensors(path: Path) -> dict[str, Any]:
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            meta: dict[str, Any] = dict(file.metadata() or {})
            state_dict = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        meta[MODEL_KEY] = json.loads(meta.get(MODEL_KEY, "null"))
    except (safetensors.SafetensorError, json.JSONDecodeError) as error:
        raise ValueError(f"{str(path)!r} is no whole weights file: {error}.") from error
    return {"meta": meta, "state_dict": state_dict}


def _describe(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _describe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_describe(item) for item in value]
    if isinstance(value, type) or callable(value):
        name = getattr(value, "__name__", repr(value))
        if _DESCRIBABLE.get(name) is not value:
            raise ValueError(
                f"A weights file cannot name {name}. Known are {sorted(_DESCRIBABLE)}."
            )
        return name
    return value


def _resolve(value: Any) -> Any:
    if isinstance(value, Mapping):
        hidden = [key for key in value if str(key).startswith("_")]
        if hidden:  # mmengine would import the module that its key _scope_ names
            raise ValueError(f"A description has no keys like {hidden[0]!r}.")
        resolved = {key: _resolve(item) for key, item in value.items() if key != "type"}
        if "type" in value:
            if value["type"] not in _DESCRIBABLE:
                raise ValueError(
                    f"The file names the class {value['type']!r}, which is not one of "
                    f"{sorted(_DESCRIBABLE)}."
                )
            resolved["type"] = _DESCRIBABLE[value["type"]]
        return resolved
    return [_resolve(item) for item in value] if isinstance(value, list) else value

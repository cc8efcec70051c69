"""Mistakes in a config that can be seen before anything is built."""

import difflib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mmengine.config import Config, ConfigDict
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.utils.data import DataLoader

from lanedet.datasets import (
    ApplyView,
    Augment,
    EncodeLines,
    LoadImage,
    LoadLaneMask,
    RandomCrop,
    RasterizeLaneMask,
    RasterizeLanes,
)
from lanedet.engine.config_parts import built_by, look_up, typed_dicts
from lanedet.engine.config_types import arguments_of, check_type, hands_on
from lanedet.engine.shared_values import DATALOADERS
from lanedet.models import ContextLayer
from lanedet.models.context.placement import PLACEMENT_KEYS
from lanedet.runtime import LAUNCHERS

# Steps of a pipeline that another one must follow, with what the detector takes.
_NOT_LAST = (
    *(ApplyView, Augment, EncodeLines, LoadImage, LoadLaneMask),
    *(RandomCrop, RasterizeLaneMask, RasterizeLanes),
)
# Keys that mmengine takes out of a dict before it calls the dict's type.
_TAKEN_BY_MMENGINE = {
    "type",
    "priority",
    "convert_to_iter_based",
    "constructor",
    "paramwise_cfg",
}
# Dicts without a type that mmengine reads, and what it reads in them.
_PLAIN_DICTS: dict[str, dict[str, Any]] = {
    "env_cfg": {
        "cudnn_benchmark": bool,
        "mp_cfg": dict,
        "dist_cfg": dict,
        "resource_limit": int,
    },
    "env_cfg.mp_cfg": {"mp_start_method": str, "opencv_num_threads": int},
    "randomness": {"seed": int | None, "diff_rank_seed": bool, "deterministic": bool},
    "auto_scale_lr": {"enable": bool, "base_batch_size": int},
    "default_hooks": dict.fromkeys(
        (
            *("runtime_info", "timer", "sampler_seed", "logger", "param_scheduler"),
            "checkpoint",
        ),
        Hook | dict | None,
    ),
    "optim_wrapper.clip_grad": {
        **arguments_of(clip_grad_norm_),
        **arguments_of(clip_grad_value_),
        "type": Literal["norm", "value"],
    },
}


def check_parts(config: Config) -> None:
    """Raise ValueError if a key does not exist or its value is of another kind.

    Both are seen in the arguments of what is configured, and in their annotations. A
    type may be a class or a name that mmengine knows. Classes that hand arguments on
    to what is not their base are not judged by their keys.
    """
    # Names that a config imports are in it too, but not in to_dict().
    own = {key: config[key] for key in config.to_dict() if not str(key).startswith("_")}
    known = {
        **arguments_of(Runner),
        "launcher": Literal[*LAUNCHERS],
        "sync_bn": Literal["torch"] | None,
    }
    _check_part("", own, known, "mmengine's Runner knows")
    loader = {
        **arguments_of(DataLoader),
        "num_batch_per_epoch": int,
        **dict.fromkeys(("dataset", "sampler"), dict),
        "batch_sampler": dict | None,
    }
    for name in DATALOADERS:
        if config.get(name):
            _check_part(name, config[name], loader, "a DataLoader takes")
    for place, known in _PLAIN_DICTS.items():
        part = look_up(config, place)
        if part is not None:
            check_type(place, part, dict)
            if "type" not in part or "type" in known:
                _check_part(place, part, known, "mmengine knows")
    for key, value in own.items():
        for place, part in typed_dicts(value, key):
            _check_arguments(place, part)


def check_pipelines(config: Config) -> None:
    """Raise ValueError if a pipeline does not end with what the detector takes."""
    for name in DATALOADERS:
        dataset = f"{name}.dataset"
        for place, part in typed_dicts(look_up(config, dataset), dataset):
            pipeline = part.get("pipeline")
            if pipeline is not None and (
                not pipeline or pipeline[-1].get("type") in _NOT_LAST
            ):
                raise ValueError(
                    f"{place}.pipeline must end with ToTensors, which hands over what "
                    f"the model takes, got {_step_names(pipeline)}."
                )


def _step_names(pipeline: Sequence[ConfigDict]) -> str:
    names = [_name(step.get("type")) for step in pipeline]
    return f"[{', '.join(names)}]"


def _check_part(
    place: str, part: Mapping[str, Any], known: Mapping[str, Any], who: str
) -> None:
    """Check keys and kinds of values of a dict; None at the top is for a default."""
    _check(set(part), set(known), place or "The config", who)
    for key, value in part.items():
        if value is not None or place:
            check_type(f"{place}.{key}" if place else key, value, known[key])


def _check_arguments(place: str, part: ConfigDict) -> None:
    built = built_by(part, place)
    known: dict[str, Any] = {}
    if inspect.isclass(built) and issubclass(built, ContextLayer):
        known = {**PLACEMENT_KEYS}  # who places the layer takes them out
    # What a class hands on by **kwargs goes to the next class that has an __init__;
    # where there is none, it goes elsewhere, and nothing can be said of other keys.
    owners = inspect.getmro(built)[:-1] if inspect.isclass(built) else (built,)
    for owner in owners:
        if inspect.isclass(owner) and "__init__" not in vars(owner):
            continue
        known = {**arguments_of(owner), **known}
        if not hands_on(owner):
            own_keys = set(part) - _TAKEN_BY_MMENGINE
            _check(own_keys, set(known), place, f"{_name(built)} takes")
            break
    for key in part.keys() & known.keys() - _TAKEN_BY_MMENGINE:
        check_type(f"{place}.{key}", part[key], known[key])


def _check(keys: set[str], known: set[str], place: str, who: str) -> None:
    for key in sorted(keys - known):
        close = difflib.get_close_matches(key, known, n=1)
        hint = (
            f"Did you mean {close[0]!r}?"
            if close
            else f"What {who}: {', '.join(sorted(known))}."
        )
        raise ValueError(f"{place} has the unknown key {key!r}. {hint}")


def _name(built: Any) -> str:
    return str(getattr(built, "__name__", built))

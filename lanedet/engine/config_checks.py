"""Mistakes in a config that can be seen before anything is built."""

import difflib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import mmengine.registry
from mmengine.config import Config, ConfigDict
from mmengine.hooks import Hook
from mmengine.registry import Registry
from mmengine.runner import Runner
from mmengine.utils import get_object_from_string
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.utils.data import DataLoader

from lanedet.datasets import (
    ApplyView,
    Augment,
    LoadImage,
    LoadLaneMask,
    RasterizeLaneMask,
    RasterizeLanes,
)
from lanedet.engine.config_types import arguments_of, check_type, hands_on

_REGISTRIES = tuple(
    value for value in vars(mmengine.registry).values() if isinstance(value, Registry)
)
DATALOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")
"""The keys of a config that hold a data set."""
# Steps of a pipeline that another one must follow, with what the detector takes.
_NOT_LAST = (
    *(ApplyView, Augment, LoadImage, LoadLaneMask),
    *(RasterizeLaneMask, RasterizeLanes),
)
# The most of what takes memory or processes for each.
_LOADER_BOUNDS = {"batch_size": 65_536, "num_workers": 256, "prefetch_factor": 1024}
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
    _check_part("", own, arguments_of(Runner), "mmengine's Runner knows")
    loader = {
        **arguments_of(DataLoader),
        "num_batch_per_epoch": int,
        **dict.fromkeys(("dataset", "sampler"), dict),
        "batch_sampler": dict | None,
    }
    for name in DATALOADERS:
        if config.get(name):
            _check_part(name, config[name], loader, "a DataLoader takes")
            _check_bounds(name, config[name])
    for place, known in _PLAIN_DICTS.items():
        part = _look_up(config, place)
        if part is not None:
            check_type(place, part, dict)
            if "type" not in part or "type" in known:
                _check_part(place, part, known, "mmengine knows")
    for key, value in own.items():
        for place, part in typed_dicts(value, key):
            _check_arguments(place, part)


def _check_part(
    place: str, part: Mapping[str, Any], known: Mapping[str, Any], who: str
) -> None:
    """Check keys and kinds of values of a dict; None at the top is for a default."""
    _check(set(part), set(known), place or "The config", who)
    for key, value in part.items():
        if value is not None or place:
            check_type(f"{place}.{key}" if place else key, value, known[key])


def _check_bounds(place: str, loader: Mapping[str, Any]) -> None:
    for key, most in _LOADER_BOUNDS.items():
        if (loader.get(key) or 0) > most:
            raise ValueError(
                f"{place}.{key} must be at most {most}, got {loader[key]}."
            )


def check_agreement(config: Config) -> None:
    """Raise ValueError if the model and its data do not fit each other.

    They must see the same images and lanes, and a pipeline must end with what the model
    takes.

    Weights that were trained on one view are useless behind another, and a head for
    other lanes than the labels' fails only at the first batch.
    """
    view = _look_up(config, "model.view")
    num_lanes = _look_up(config, "model.head.num_lanes")
    for place, step in _pipeline_steps(config):
        for key, expected in (("view", view), ("num_lanes", num_lanes)):
            if key in step and step[key] != expected:
                raise ValueError(
                    f"{place} has {key}={step[key]!r}, but the model has {expected!r}. "
                    "They must be the same."
                )
        if step.get("type") is RasterizeLaneMask and num_lanes not in (None, 1):
            raise ValueError(
                f"{place} draws all lanes as one class, but the model has "
                f"num_lanes={num_lanes}. Use RasterizeLanes, or num_lanes=1."
            )
    for place, pipeline in _pipelines(config):
        if not pipeline or pipeline[-1].get("type") in _NOT_LAST:
            raise ValueError(
                f"{place} must end with PackInputs, which hands over what the model "
                f"takes, got {_step_names(pipeline)}."
            )
    branch = "model.head.existence_branch.input_shape"
    expected, got = _look_up(config, "model.view.input_shape"), _look_up(config, branch)
    if expected is not None and got is not None and list(expected) != list(got):
        raise ValueError(
            f"{branch} is {tuple(got)}, but the model's view makes images of "
            f"{tuple(expected)}. They must be the same."
        )


def _pipelines(config: Config) -> Iterator[tuple[str, Sequence[ConfigDict]]]:
    """Yield the transforms of every data set, also of those inside others."""
    for name in DATALOADERS:
        dataset = f"{name}.dataset"
        for place, part in typed_dicts(_look_up(config, dataset), dataset):
            if part.get("pipeline") is not None:
                yield f"{place}.pipeline", part["pipeline"]


def _pipeline_steps(config: Config) -> Iterator[tuple[str, ConfigDict]]:
    """Yield every transform of every data set."""
    for place, pipeline in _pipelines(config):
        for number, step in enumerate(pipeline):
            yield f"{place}.{number}", step


def _step_names(pipeline: Sequence[ConfigDict]) -> str:
    names = [_name(step.get("type")) for step in pipeline]
    return f"[{', '.join(names)}]"


def _look_up(config: Mapping[str, Any], place: str) -> Any:
    """Return the value at a dotted place, None if there is none."""
    value: Any = config
    for key in place.split("."):
        if not isinstance(value, Mapping | Config) or value.get(key) is None:
            return None
        value = value[key]
    return value


def typed_dicts(value: Any, place: str) -> Iterator[tuple[str, ConfigDict]]:
    """Yield every dict with a ``type`` in a value, and where it is."""
    if isinstance(value, ConfigDict):
        if "type" in value:
            yield place, value
        for key, item in value.items():
            yield from typed_dicts(item, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from typed_dicts(item, f"{place}.{number}")


def _check_arguments(place: str, part: ConfigDict) -> None:
    built = part["type"]
    if isinstance(built, str):
        built = _registered(built, place)
    if not callable(built):
        raise ValueError(f"{place}.type must be a class or its name, got {built!r}.")
    known: dict[str, Any] = {}
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


def _registered(name: str, place: str) -> Any:
    """Return the class that mmengine builds for a type given by its name."""
    names: set[str] = set()
    for registry in _REGISTRIES:
        registry.import_from_location()
        if name in registry.module_dict:
            return registry.module_dict[name]
        names |= registry.module_dict.keys()
    try:
        built = get_object_from_string(name)  # the whole name, module and all
    except (ImportError, ValueError):
        built = None
    if built is None:
        close = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"{place} has the unknown type {name!r}.{hint} Name a class of mmengine or "
            "torch, a class with its module (package.module.Class), or import the "
            "class in the config."
        )
    return built


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

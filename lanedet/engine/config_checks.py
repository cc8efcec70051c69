"""Mistakes in a config that can be seen before anything is built."""

import difflib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import mmengine.registry
from mmengine.config import Config, ConfigDict
from mmengine.registry import Registry
from mmengine.runner import Runner
from mmengine.utils import get_object_from_string
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.utils.data import DataLoader

from lanedet.datasets import RasterizeLaneMask

_REGISTRIES = tuple(
    value for value in vars(mmengine.registry).values() if isinstance(value, Registry)
)
DATALOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")
"""The keys of a config that hold a data set."""
# Keys that mmengine takes out of a dict before it calls the dict's type.
_TAKEN_BY_MMENGINE = {
    "type",
    "priority",
    "convert_to_iter_based",
    "constructor",
    "paramwise_cfg",
}
# Dicts without a type that mmengine reads, and what it reads in them.
_PLAIN_DICTS = {
    "env_cfg": {"cudnn_benchmark", "mp_cfg", "dist_cfg", "resource_limit"},
    "env_cfg.mp_cfg": {"mp_start_method", "opencv_num_threads"},
    "randomness": {"seed", "diff_rank_seed", "deterministic"},
    "default_hooks": {
        "runtime_info",
        "timer",
        "sampler_seed",
        "logger",
        "param_scheduler",
        "checkpoint",
    },
    "optim_wrapper.clip_grad": {
        *inspect.signature(clip_grad_norm_).parameters,
        *inspect.signature(clip_grad_value_).parameters,
    },
}


def check_keys(config: Config) -> None:
    """Raise ValueError if a key of the config does not exist, with what was meant.

    A type may be a class or a name that mmengine knows. Classes that hand arguments on
    to what is not their base are not judged.
    """
    runner_keys = set(inspect.signature(Runner).parameters)
    # Names that a config imports are in it too, but not in to_dict().
    own_keys = {key for key in config.to_dict() if not key.startswith("_")}
    _check(own_keys, runner_keys, "The config", "mmengine's Runner knows")
    loader_keys = set(inspect.signature(DataLoader).parameters) | {
        "num_batch_per_epoch"
    }
    for name in DATALOADERS:
        if config.get(name):
            _check(set(config[name]), loader_keys, name, "a DataLoader takes")
    for place, known in _PLAIN_DICTS.items():
        part = _look_up(config, place)
        if isinstance(part, Mapping) and "type" not in part:
            _check(set(part), known, place, "mmengine knows")
    for key in own_keys:
        for place, part in _typed_dicts(config[key], key):
            _check_arguments(place, part)


def check_agreement(config: Config) -> None:
    """Raise ValueError if the model and its data see different images or lanes.

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
    branch = "model.head.existence_branch.input_shape"
    expected, got = _look_up(config, "model.view.input_shape"), _look_up(config, branch)
    if expected is not None and got is not None and tuple(expected) != tuple(got):
        raise ValueError(
            f"{branch} is {tuple(got)}, but the model's view makes images of "
            f"{tuple(expected)}. They must be the same."
        )


def _pipeline_steps(config: Config) -> Iterator[tuple[str, ConfigDict]]:
    """Yield every transform of every data set, also of those inside others."""
    for name in DATALOADERS:
        dataset = f"{name}.dataset"
        for place, part in _typed_dicts(_look_up(config, dataset), dataset):
            for number, step in enumerate(part.get("pipeline") or []):
                yield f"{place}.pipeline.{number}", step


def _look_up(config: Mapping[str, Any], place: str) -> Any:
    """Return the value at a dotted place, None if there is none."""
    value: Any = config
    for key in place.split("."):
        if not isinstance(value, Mapping | Config) or value.get(key) is None:
            return None
        value = value[key]
    return value


def _typed_dicts(value: Any, place: str) -> Iterator[tuple[str, ConfigDict]]:
    """Yield every dict with a ``type`` in a value, and where it is."""
    if isinstance(value, ConfigDict):
        if "type" in value:
            yield place, value
        for key, item in value.items():
            yield from _typed_dicts(item, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _typed_dicts(item, f"{place}.{number}")


def _check_arguments(place: str, part: ConfigDict) -> None:
    built = part["type"]
    if isinstance(built, str):
        built = _registered(built, place)
    if not callable(built):
        raise ValueError(f"{place}.type must be a class or its name, got {built!r}.")
    known: set[str] = set()
    # What a class hands on by **kwargs goes to the next class that has an __init__;
    # where there is none, it goes elsewhere, and nothing can be said.
    owners = inspect.getmro(built)[:-1] if inspect.isclass(built) else (built,)
    for owner in owners:
        if inspect.isclass(owner) and "__init__" not in vars(owner):
            continue
        parameters = inspect.signature(owner).parameters.values()
        known |= {p.name for p in parameters if p.kind != p.VAR_KEYWORD}
        if all(p.kind != p.VAR_KEYWORD for p in parameters):
            _check(
                set(part), known | _TAKEN_BY_MMENGINE, place, f"{_name(built)} takes"
            )
            return


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
            else f"What {who}: {', '.join(sorted(known - _TAKEN_BY_MMENGINE))}."
        )
        raise ValueError(f"{place} has the unknown key {key!r}. {hint}")


def _name(built: Any) -> str:
    return str(getattr(built, "__name__", built))

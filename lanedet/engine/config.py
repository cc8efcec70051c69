"""Reading a config, and finding its mistakes before anything is built."""

import difflib
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.config.utils import ConfigParsingError
from mmengine.runner import Runner
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.utils.data import DataLoader

# Keys that mmengine takes out of a dict before it calls the dict's type.
_TAKEN_BY_MMENGINE = {
    "type",
    "priority",
    "convert_to_iter_based",
    "constructor",
    "paramwise_cfg",
}
# What mmengine raises over a file that is no config of its kind.
_CONFIG_ERRORS = (
    AssertionError,
    ConfigParsingError,
    ImportError,
    KeyError,
    SyntaxError,
    TypeError,
)
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
_DATALOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")


def load_config(
    path: Path | str,
    options: Mapping[str, Any] | None = None,
    data_root: Path | str | None = None,
) -> Config:
    """Read a config file and check its keys.

    mmengine passes over unknown keys at the top without a word, and finds the others
    only when it gets there, which can be after an epoch. Here every key is compared
    with the arguments of what it configures.

    Args:
        path: Python file in mmengine's pure-Python style.
        options: Values to change, by dotted key: ``{"train_cfg.max_iters": 100}``.
        data_root: Folder that replaces every ``data_root`` in the config.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no config or a key does not exist.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"No config at {str(path)!r}. The configs are under configs/."
        )
    try:
        config = Config.fromfile(path)
        config.merge_from_dict(dict(options or {}))
        check_keys(config)
    except _CONFIG_ERRORS as error:
        raise ValueError(f"{str(path)!r} is no readable config: {error}") from error
    if data_root is not None:
        for name in _DATALOADERS:
            if config.get(name):
                config[name].dataset.data_root = str(data_root)
    check_agreement(config)
    return config


def check_keys(config: Config) -> None:
    """Raise ValueError if a key of the config does not exist, with what was meant.

    Types that are named by a string, and classes that hand arguments on to what is not
    their base, are not judged.
    """
    runner_keys = set(inspect.signature(Runner).parameters)
    # Names that a config imports are in it too, but not in to_dict().
    own_keys = {key for key in config.to_dict() if not key.startswith("_")}
    _check(own_keys, runner_keys, "The config", "mmengine's Runner knows")
    loader_keys = set(inspect.signature(DataLoader).parameters) | {
        "num_batch_per_epoch"
    }
    for name in _DATALOADERS:
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

    Weights that were trained on one view are useless behind another.
    """
    model = config.model
    pairs = {
        "view": model.get("view"),
        "num_lanes": model.get("head", {}).get("num_lanes"),
    }
    for name in _DATALOADERS:
        pipeline = _look_up(config, f"{name}.dataset.pipeline") or []
        for number, step in enumerate(pipeline):
            for key, expected in pairs.items():
                if key in step and step[key] != expected:
                    raise ValueError(
                        f"{name}.dataset.pipeline[{number}] has {key}={step[key]!r}, "
                        f"but the model has {expected!r}. They must be the same."
                    )


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
            yield from _typed_dicts(item, f"{place}[{number}]")


def _check_arguments(place: str, part: ConfigDict) -> None:
    built = part["type"]
    if not callable(built):
        return  # a name that mmengine's registries resolve
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

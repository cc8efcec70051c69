"""Reading a config, and finding its mistakes before anything is built."""

import difflib
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.config.utils import ConfigParsingError
from mmengine.runner import Runner
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
    return config


def check_keys(config: Config) -> None:
    """Raise ValueError if a key of the config does not exist, with what was meant."""
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
    for key in own_keys:
        for place, part in _typed_dicts(config[key], key):
            _check_arguments(place, part)


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
    # Arguments that a class hands on by **kwargs are those of its base class.
    for owner in inspect.getmro(built) if inspect.isclass(built) else (built,):
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

"""Changing single values of a config."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config, ConfigDict


def set_values(config: Config, options: Mapping[str, Any]) -> None:
    """Put values into a config, each at its dotted key.

    Numbers in a key count the entries of a list, from 0. A dict changes the entries
    that it names, unless it holds ``_delete_=True``; everything else takes the place
    of what was there. Dicts on the way are made where there is nothing.

    Args:
        config: Changed in place.
        options: Values by dotted key: ``{"train_cfg.max_iters": 100}``.

    Raises:
        ValueError: If a key leads through a value that has no parts, or to an entry
            that a list has not got.
    """
    for key, value in options.items():
        _set(config, key.split("."), value, place="")


def _set(whole: Any, keys: Sequence[str], value: Any, place: str) -> Any:
    """Return the whole with a value at the keys; change it where it can be changed."""
    key, *rest = keys
    inner = f"{place}.{key}" if place else key
    if isinstance(whole, dict | Config):
        old = whole.get(key, ConfigDict() if rest else None)
        whole[key] = _set(old, rest, value, inner) if rest else _merged(old, value)
        return whole
    if not isinstance(whole, list | tuple):
        raise ValueError(
            f"{place} is {whole!r} and has no parts, so {inner} cannot be set. "
            f"Set {place} itself."
        )
    if not key.isdecimal() or int(key) >= len(whole):
        raise ValueError(
            f"{place} is a list of {len(whole)}, so its entries are {place}.0 to "
            f"{place}.{len(whole) - 1}, got {inner}."
        )
    items = list(whole)
    old = items[int(key)]
    items[int(key)] = _set(old, rest, value, inner) if rest else _merged(old, value)
    return type(whole)(items)


def _merged(old: Any, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return _as_config(value)
    new = _as_config({key: item for key, item in value.items() if key != "_delete_"})
    if not isinstance(old, ConfigDict) or value.get("_delete_", False):
        return new
    for key, item in new.items():
        old[key] = _merged(old.get(key), item)
    return old


def _as_config(value: Any) -> Any:
    """Return the value with mmengine's kind of dicts in it."""
    if isinstance(value, Mapping):
        return ConfigDict({key: _as_config(item) for key, item in value.items()})
    if type(value) in (list, tuple):
        return type(value)(_as_config(item) for item in value)
    return value

"""The parts of a config: dicts with a ``type``, and where they are."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import mmengine.registry
from mmengine.config import Config, ConfigDict
from mmengine.registry import Registry
from mmengine.utils import get_object_from_string

_REGISTRIES = tuple(
    value for value in vars(mmengine.registry).values() if isinstance(value, Registry)
)


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


def look_up(config: Mapping[str, Any] | Config, place: str) -> Any:
    """Return the value at a dotted place, None if there is none."""
    value: Any = config
    for key in place.split("."):
        if not isinstance(value, Mapping | Config) or value.get(key) is None:
            return None
        value = value[key]
    return value


def built_by(part: Mapping[str, Any], place: str) -> Callable[..., Any]:
    """Return what a dict with a ``type`` is built by: a class or function.

    Args:
        part: The dict. Its type may be a name that mmengine knows or a whole dotted
            one, as in the configs that a run writes down.
        place: Dotted key of it, for the error message.

    Raises:
        ValueError: If there is nothing of this name, or it cannot be called.
    """
    built = part["type"]
    if isinstance(built, str):
        built = _named(built, place)
    if not callable(built):
        raise ValueError(f"{place}.type must be a class or its name, got {built!r}.")
    found: Callable[..., Any] = built
    return found


def _named(name: str, place: str) -> Any:
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

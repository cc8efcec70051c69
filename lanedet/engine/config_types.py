"""Whether the values of a config are of the kinds that its parts are written for."""

import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from os import PathLike
from typing import (
    Any,
    Literal,
    Optional,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

# Values that stand for themselves: what may be given for each kind.
_PLAIN: dict[type, tuple[type, ...]] = {
    bool: (bool, int),
    int: (int,),
    float: (int, float),
    str: (str,),
    bytes: (bytes,),
}
_WORDS: dict[Any, str] = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "None",
    Any: "anything",
}


def arguments_of(built: Callable[..., Any]) -> dict[str, Any]:
    """Return the arguments of a class or function, and what is annotated of each.

    A default of None allows None, annotated or not. What is not annotated, or names
    what cannot be found, is ``Any``.
    """
    hints = _hints(built.__init__ if inspect.isclass(built) else built)
    return {
        each.name: Optional[hints.get(each.name, Any)]  # noqa: UP045 (of any kind)
        if each.default is None
        else hints.get(each.name, Any)
        for each in inspect.signature(built).parameters.values()
        if each.kind != each.VAR_KEYWORD
    }


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    hints: dict[str, Any] = {}
    for name, annotation in getattr(function, "__annotations__", {}).items():
        # One by one: some libraries import a few of the names for type checkers only.
        alone = types.SimpleNamespace(__annotations__={name: annotation})
        with suppress(AttributeError, NameError, SyntaxError, TypeError):
            hints |= get_type_hints(alone, vars(inspect.getmodule(function)))
    return hints


def hands_on(built: Callable[..., Any]) -> bool:
    """Tell whether a class or function takes arguments that it does not name."""
    parameters = inspect.signature(built).parameters.values()
    return any(each.kind == each.VAR_KEYWORD for each in parameters)


def check_type(place: str, value: Any, annotation: Any) -> None:
    """Raise ValueError if a value of a config cannot be what is annotated.

    Lists and tuples stand for any sequence; a dict with a ``type`` for what is built
    of it; whole numbers for floats, 0 and 1 for booleans. Annotations that say nothing
    of a value allow it.

    Args:
        place: Dotted key of the value.
        value: What the config has there.
        annotation: What the part that gets it says.
    """
    if not _fits(value, annotation):
        raise ValueError(
            f"{place} must be {_describe(annotation)}, got {_shorten(repr(value))}."
        )


def _fits(value: Any, annotation: Any) -> bool:
    origin, args = get_origin(annotation), get_args(annotation)
    if annotation is Any:  # a class, for Python
        return True
    if annotation is None or annotation is type(None):
        return value is None
    if origin in (Union, types.UnionType):
        return any(_fits(value, each) for each in args)
    if origin is Literal:
        return value in args
    kind = origin or annotation
    return not inspect.isclass(kind) or _is_kind(value, kind, args)


def _is_kind(value: Any, kind: type, args: tuple[Any, ...]) -> bool:
    if kind in _PLAIN:
        return isinstance(value, _PLAIN[kind])
    if issubclass(kind, PathLike):
        return isinstance(value, str | PathLike)
    if issubclass(kind, Mapping):
        return isinstance(value, Mapping) and _all_fit(value.values(), args[1:])
    if _is_sequence(kind):
        return _fits_sequence(value, kind, args)
    if isinstance(value, Mapping):
        return "type" in value  # it will be built
    return not _can_judge(kind) or isinstance(value, kind)


def _fits_sequence(value: Any, kind: type, args: tuple[Any, ...]) -> bool:
    if not isinstance(value, list | tuple):
        return not isinstance(value, (*_PLAIN, Mapping, type(None)))
    if kind is tuple and args and Ellipsis not in args:
        return len(value) == len(args) and all(map(_fits, value, args))
    return _all_fit(value, args[:1])


def _all_fit(values: Iterable[Any], args: tuple[Any, ...]) -> bool:
    return not args or all(_fits(each, args[0]) for each in values)


def _is_sequence(kind: type) -> bool:
    return issubclass(kind, Iterable) and any(
        issubclass(each, kind) for each in (list, tuple)
    )


def _can_judge(kind: type) -> bool:
    """Tell whether isinstance says something of a kind: protocols may not."""
    try:
        isinstance(None, kind)
    except TypeError:
        return False
    return True


def _describe(annotation: Any) -> str:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        *others, last = dict.fromkeys(map(_describe, args))
        return f"{', '.join(others)} or {last}" if others else last
    if origin is Literal:
        return " or ".join(map(repr, args))
    kind = origin or annotation
    if kind in _WORDS:
        return _WORDS[kind]
    if not inspect.isclass(kind):
        return str(annotation)
    if issubclass(kind, Mapping):
        return "a dict"
    if _is_sequence(kind):
        if kind is tuple and args and Ellipsis not in args:
            return f"({', '.join(map(_describe, args))})"
        return f"a list, each of it {_describe(args[0])}" if args else "a list"
    return f"a dict with the type of a {kind.__name__}"


def _shorten(text: str, limit: int = 100) -> str:
    return text if len(text) <= limit else f"{text[: limit - 3]}..."

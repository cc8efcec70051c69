"""The border at which a config becomes objects, and what goes wrong there."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")
# What classes raise that get arguments they were not written for.
_UNFIT = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    MemoryError,
    NameError,
    RuntimeError,
    SyntaxError,
    TypeError,
)


@contextmanager
def config_errors(place: str) -> Iterator[None]:
    """Say of errors of what is built from a config where in the config they come from.

    Args:
        place: Dotted key of what is built.

    Raises:
        ValueError: In place of what classes raise over arguments that do not fit. A
            ValueError or OSError of their own stays as it is.
    """
    try:
        yield
    except _UNFIT as error:
        raise ValueError(
            f"{place} does not fit: {type(error).__name__}: {error}"
        ) from error


def built_from(place: str, build: Callable[_P, _T]) -> Callable[_P, _T]:
    """Return a function that builds what ``build`` does, in :func:`config_errors`."""

    @functools.wraps(build)
    def build_or_say_where(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        with config_errors(place):
            return build(*args, **kwargs)

    build_or_say_where.__doc__ = f"Build {place} as mmengine's ``Runner`` does."
    return build_or_say_where

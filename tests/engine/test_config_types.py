from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from torch import nn

from lanedet.engine.config_types import arguments_of, check_type


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (3, int),
        (3, float),
        (1, bool),
        (None, int | None),
        ((1, 2), tuple[int, int]),
        ([1, 2], tuple[int, int]),
        ([], Sequence[str]),
        (("a",), Sequence[str]),
        ({"type": "Conv"}, nn.Module),
        ({"type": "Conv"}, Callable[[int], int]),
        ({"a": 1}, Mapping[str, int]),
        ("sum", Literal["sum", "mean"]),
        ("a/b", Path),
        (object(), Any),
        ({"a": None}, dict[str, Any]),
        ({"a": {"b": None}}, dict[str, Any]),
    ],
)
def test_fits(value: Any, annotation: Any) -> None:
    check_type("a.b", value, annotation)


@pytest.mark.parametrize(
    ("value", "annotation", "message"),
    [
        ("3", int, "a.b must be a whole number, got '3'"),
        (2.5, int, "a whole number, got 2.5"),
        (None, float, "a number, got None"),
        ("x.json", Sequence[str], "a list, each of it text, got 'x.json'"),
        ([1], Sequence[str], "each of it text"),
        ([1], tuple[int, int], r"\(a whole number, a whole number\), got \[1\]"),
        (5, dict[str, Any], "a dict, got 5"),
        (5, nn.Module, "a dict with the type of a Module, got 5"),
        ({"a": 1}, nn.Module, "a dict with the type of a Module"),
        ({"type": "x"}, int | None, "a whole number or None"),
        ("max", Literal["sum", "mean"], "'sum' or 'mean', got 'max'"),
    ],
)
def test_does_not_fit(value: Any, annotation: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_type("a.b", value, annotation)


def test_a_default_of_none_allows_none() -> None:
    def build(size: int = None, *, name: "Missing" = 3, **more: Any) -> None: ...  # noqa: F821, RUF013

    assert arguments_of(build) == {"size": int | None, "name": Any}

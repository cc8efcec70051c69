"""Checks of the numbers that scenes are asked for with."""

from numbers import Integral
from typing import Any

SMALLEST_SHAPE = (72, 96)
"""The least (H, W): below, markings are thinner than a pixel everywhere."""

LONGEST_SIDE = 8192
"""The most pixels a side: larger pictures exceed the memory of most machines."""


def check_whole(name: str, value: Any, lowest: int, highest: int | None = None) -> None:
    """Raise ValueError unless a value is a whole number in its range.

    Args:
        name: What the message calls it.
        value: The value. Numpy's integers count as whole, True and False do not.
        lowest: The least that it may be.
        highest: The most that it may be, or None for any.
    """
    limits = f"at least {lowest}" if highest is None else f"from {lowest} to {highest}"
    if not _is_whole(value):
        raise ValueError(
            f"{name} must be {limits}, a whole number (int), got {value!r}."
        )
    if value < lowest or (highest is not None and value > highest):
        raise ValueError(f"{name} must be {limits}, got {value}.")


def check_shape(shape: Any) -> None:
    """Raise ValueError unless this is (H, W), large enough for a scene."""
    is_pair = isinstance(shape, tuple | list) and len(shape) == 2
    if not is_pair or not all(map(_is_whole, shape)):
        raise ValueError(
            f"The shape of a scene must be two whole numbers, (H, W), got {shape!r}."
        )
    if shape[0] < SMALLEST_SHAPE[0] or shape[1] < SMALLEST_SHAPE[1]:
        raise ValueError(
            f"A scene needs at least (H, W) = {SMALLEST_SHAPE} pixels, got {shape!r}."
        )
    if max(shape) > LONGEST_SIDE:
        raise ValueError(
            f"A scene has at most {LONGEST_SIDE} pixels a side, got {shape!r}."
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)

"""Bounds of the numbers that say how much memory and time a model takes.

They lie far above what detectors need, and low enough for any computer: a description
of a model is a few bytes that anyone can write.
"""

import numbers
from typing import Any

MAX_INPUT_SIDE = 8192
"""Longest side of a network input, in pixels."""

MAX_INPUT_PIXELS = 2**23
"""Most pixels of a network input: 2160x3840 fits."""

MAX_LANES = 255
"""Most lanes of an image: class maps are bytes, and 0 is the background."""

MAX_SMOOTHING = 1023
"""Largest side of a filter over a network input, in pixels."""


def check_count(name: str, value: Any, most: int) -> int:
    """Return a number that sizes something.

    Args:
        name: What it is called, for the error message.
        value: A whole number.
        most: The largest that is allowed.

    Raises:
        ValueError: If it is no whole number in [1, most].

    Example:
        >>> check_count("row_step", 4, 1000)
        4
    """
    if not _is_whole(value) or not 1 <= value <= most:
        raise ValueError(
            f"{name} must be at least 1 and at most {most}, as a whole number, got "
            f"{f'{value!r}':.80}."
        )
    return int(value)


def check_window(name: str, side: Any) -> None:
    """Check the side of a square filter over the network input, in pixels.

    Raises:
        ValueError: If it is no odd whole number in [1, 1023].
    """
    if not _is_whole(side) or not 1 <= side <= MAX_SMOOTHING or side % 2 == 0:
        raise ValueError(
            f"{name} must be odd and in [1, {MAX_SMOOTHING}], got {f'{side!r}':.80}."
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)

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

MAX_LINE_WIDTH = 32767
"""Widest line that is drawn, in pixels: OpenCV takes no wider one."""

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


def check_line_width(name: str, width_px: Any) -> float:
    """Return the width of a line that is drawn, in pixels.

    Raises:
        ValueError: If it is no number in [0, 32767].
    """
    is_number = isinstance(width_px, numbers.Real) and not isinstance(width_px, bool)
    if not is_number or not 0 <= width_px <= MAX_LINE_WIDTH:
        raise ValueError(
            f"{name} must be in [0, {MAX_LINE_WIDTH}] pixels, got "
            f"{f'{width_px!r}':.80}."
        )
    return float(width_px)


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)

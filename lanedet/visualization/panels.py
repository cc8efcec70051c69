"""Darkened areas of a picture, and texts on them: readable on snow and at night."""

from typing import NamedTuple

import cv2

from lanedet.arrays import ByteArray
from lanedet.visualization.draw import Color
from lanedet.visualization.text import put_text, text_size

_LIGHT = 0.3  # share of the picture's light that remains
_CAPITAL = 22  # pixels that a capital letter is high at scale 1


class Box(NamedTuple):
    """A rectangle of whole pixels."""

    x: int
    y: int
    width: int
    height: int

    def meets(self, other: "Box") -> bool:
        """Whether the two share a pixel."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def of(self, canvas: ByteArray) -> ByteArray:
        """Return the box's part of an image, a view into it."""
        return canvas[self.y : self.y + self.height, self.x : self.x + self.width]


def text_height(canvas: ByteArray) -> int:
    """Return how many pixels a capital letter on an image is to be high."""
    return max(8, round(min(canvas.shape[:2]) / 48))


def darken(canvas: ByteArray, box: Box) -> None:
    """Take most of the light from a part of an image."""
    part = box.of(canvas)
    part[:] = cv2.convertScaleAbs(part, alpha=_LIGHT)


def text_width(text: str, height: int) -> int:
    """Return the width in pixels of a text with capitals of a height."""
    width, _, _ = text_size(text, height / _CAPITAL, _stroke(height))
    return width


def write_text(
    canvas: ByteArray, text: str, corner: tuple[int, int], height: int, color: Color
) -> None:
    """Write into an image.

    Args:
        canvas: (H, W, 3) uint8, RGB, drawn into.
        text: One line.
        corner: (x, y) of the first letter's lower left corner.
        height: Height of a capital letter, in pixels.
        color: RGB.
    """
    scale, stroke = height / _CAPITAL, _stroke(height)
    put_text(canvas, text, corner, scale, color, stroke)


def _stroke(height: int) -> int:
    return max(1, round(height / 13))

"""Text in pictures."""

import cv2

from lanedet.arrays import ByteArray

_FONT = cv2.FONT_HERSHEY_SIMPLEX


def drawable(text: str) -> str:
    """Return text that OpenCV can draw.

    The name of a file may hold bytes that are not UTF-8. Python keeps them as lone
    surrogates, at which OpenCV ends the process; here they become question marks.
    """
    return text.encode("utf-8", "replace").decode("utf-8")


def text_size(text: str, scale: float, stroke: int) -> tuple[int, int, int]:
    """Return width, height above the base line and depth below it, in pixels."""
    (width, height), baseline = cv2.getTextSize(drawable(text), _FONT, scale, stroke)
    return width, height, baseline


def put_text(
    canvas: ByteArray,
    text: str,
    corner: tuple[int, int],
    scale: float,
    color: tuple[int, int, int],
    stroke: int,
) -> None:
    """Write into an image.

    Args:
        canvas: (H, W, 3) uint8, RGB, drawn into.
        text: One line.
        corner: (x, y) of the first letter's lower left corner.
        scale: Size of the letters as a multiple of the font's own.
        color: RGB.
        stroke: Width of the lines, in pixels.
    """
    cv2.putText(
        canvas, drawable(text), corner, _FONT, scale, color, stroke, cv2.LINE_AA
    )

"""Drawing on RGB pictures with fractions of a pixel."""

from collections.abc import Sequence

import cv2
import numpy as np

from lanedet.arrays import ByteArray, FloatArray
from lanedet.simulation.painting.kernels import blend_color
from lanedet.simulation.world.color import Color

_FRACTION_BITS = 4
_FAR = 2.0**14  # keeps far points inside cv2's fixed point


def fill_polygon(image: ByteArray, points: FloatArray, color: Sequence[float]) -> None:
    """Fill a polygon in place, anti-aliased.

    Args:
        image: (H, W, C) or (H, W), uint8.
        points: Corners (x, y) in pixels, shape (N, 2); they may lie outside.
        color: One value per channel, in [0, 255].
    """
    fill_polygons(image, points, (len(points),), (color,))


def fill_polygons(
    image: ByteArray,
    points: FloatArray,
    ends: Sequence[int] | np.ndarray,
    colors: Sequence[Sequence[float]],
) -> None:
    """Fill polygons in place, one after the other, anti-aliased.

    Args:
        image: (H, W, C) or (H, W), uint8.
        points: Corners (x, y) of all polygons in pixels, shape (N, 2).
        ends: Where the corners of each polygon end.
        colors: The color of each, one value per channel, in [0, 255].
    """
    # Thousands of small polygons: np.clip would take as long as the drawing.
    near = np.minimum(np.maximum(points, -_FAR), _FAR)
    fixed_point = np.rint(near * 2**_FRACTION_BITS).astype(np.int32)
    start = 0
    for end, color in zip(ends, colors, strict=True):
        corners = [fixed_point[start:end]]
        cv2.fillPoly(image, corners, color, cv2.LINE_AA, _FRACTION_BITS)
        start = end


def multiply(image: ByteArray, gain: np.ndarray) -> ByteArray:
    """Return an image with its pixels multiplied by gains.

    Args:
        image: RGB, uint8, shape (H, W, 3).
        gain: The gain of each pixel, float32 (H, W), or of each channel, (H, W, 3).
    """
    gains = cv2.merge([gain] * 3) if gain.ndim == 2 else gain
    return np.asarray(cv2.multiply(image, gains, dtype=cv2.CV_8U), dtype=np.uint8)


def darken(image: ByteArray, light: ByteArray) -> ByteArray:
    """Return an image in less light: uint8 (H, W), 255 leaves a pixel as it is."""
    lights = cv2.merge([light, light, light])
    return np.asarray(cv2.multiply(image, lights, scale=1 / 255), dtype=np.uint8)


def blend(image: ByteArray, color: Color, share: np.ndarray) -> ByteArray:
    """Return an image with a color laid over it.

    Args:
        image: RGB, uint8, shape (H, W, 3).
        color: What is laid over it.
        share: How much of it covers each pixel, float32 (H, W) in [0, 1].
    """
    channels = np.array(color, dtype=np.float32)
    return np.asarray(blend_color(np.ascontiguousarray(image), channels, share))

"""Barrel distortion of a lens: the division model.

What a perfect lens shows r focal lengths from the centre lies at s, where
r = s / (1 - d s ** 2). A. Fitzgibbon, "Simultaneous linear estimation of multiple view
geometry and lens distortion", CVPR 2001. It can be solved for either side, and points
far outside the picture stay outside.
"""

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray

_LEAST_RIM = 1e-3
_MOST_DISTORTED = 0.5
"""Limit of d s ** 2 in the corners; at 1 they would show what is at infinity."""


def distort(offsets: FloatArray, focal: float, distortion: float) -> FloatArray:
    """Return where the lens shows points.

    Args:
        offsets: (x, y) from the centre without distortion, pixels, shape (..., 2).
        focal: Focal length in pixels.
        distortion: The d of the model, >= 0.
    """
    squares = np.sum(offsets**2, axis=-1, keepdims=True) / focal**2
    return np.asarray(offsets * (2 / (1 + np.sqrt(1 + 4 * distortion * squares))))


def stretch(squares: FloatArray, distortion: float) -> FloatArray:
    """Return how many times farther out points would lie without distortion.

    Args:
        squares: Their s ** 2, in focal lengths, any shape.
        distortion: The d of the model, >= 0.
    """
    return np.asarray(1 / np.maximum(1 - distortion * squares, _LEAST_RIM))


def stretch_map(
    shape: tuple[int, int], focal: float, distortion: float, shifts: FloatArray
) -> NDArray[np.float32]:
    """Return :func:`stretch` for each pixel of a picture of (H, W), float32.

    Args:
        shape: (H, W) of the picture.
        focal: Focal length in pixels.
        distortion: The d of the model, >= 0.
        shifts: How many pixels each row is drawn to the right, (H,).
    """
    height, width = shape
    us = (np.arange(width) - (width - 1) / 2) / focal
    if shifts.any():
        us = us - shifts[:, None] / focal
    vs = (np.arange(height) - (height - 1) / 2)[:, None] / focal
    # In float32, and in place: it is as large as the picture.
    squares = (us**2).astype(np.float32) + (vs**2).astype(np.float32)
    squares *= np.float32(-distortion)
    squares += np.float32(1)
    np.maximum(squares, np.float32(_LEAST_RIM), out=squares)
    return np.asarray(np.reciprocal(squares, out=squares))


def largest_distortion(shape: tuple[int, int], focal: float) -> float:
    """Return the d of the model up to which every pixel shows something.

    Args:
        shape: (H, W) of the picture.
        focal: Focal length in pixels.
    """
    height, width = shape
    corner = np.array([(width - 1) / 2, (height - 1) / 2])
    return _MOST_DISTORTED / float(np.sum((corner / focal) ** 2))


def check_distortion(shape: tuple[int, int], focal: float, distortion: float) -> None:
    """Raise ValueError unless every pixel has a place without distortion.

    Args:
        shape: (H, W) of the picture.
        focal: Focal length in pixels.
        distortion: The d of the model.
    """
    largest = largest_distortion(shape, focal)
    if not 0 <= distortion <= largest:
        raise ValueError(
            f"Camera.distortion must lie in [0, {largest:.3f}] at this field of view, "
            f"got {distortion}: the corners would show nothing."
        )

"""Images and points through affine maps, pixel centres on integer coordinates.

A map is a 3x3 matrix that takes (x, y, 1) of one image to (x, y, 1) of another. Maps
are composed before an image is touched: one resampling is faster than several, and
does not blur what the next one reads.
"""

import cv2
import numpy as np

from lanedet.arrays import ByteArray, FloatArray

# Two source pixels meet in one bilinear sample. Down to this scale nearly all of them
# are met; below, thin paint would alias away.
_SMALLEST_BILINEAR_SCALE = 0.4


def resize_matrix(shape: tuple[int, int], new_shape: tuple[int, int]) -> FloatArray:
    """Return the 3x3 map of a resize of the whole image.

    The corners of the images meet, which lie half a pixel outside the centres of the
    corner pixels.

    Args:
        shape: (H, W) of the image.
        new_shape: (H, W) of the resized image.

    Example:
        >>> resize_matrix((590, 1640), (295, 820))[0]
        array([ 0.5 ,  0.  , -0.25])
    """
    scale_x, scale_y = new_shape[1] / shape[1], new_shape[0] / shape[0]
    return np.array(
        [
            [scale_x, 0.0, (scale_x - 1) / 2],
            [0.0, scale_y, (scale_y - 1) / 2],
            [0.0, 0.0, 1.0],
        ]
    )


def map_points(points: FloatArray, matrix: FloatArray) -> FloatArray:
    """Move points (N, 2) by a 3x3 map."""
    return np.asarray(points @ matrix[:2, :2].T + matrix[:2, 2])


def warp_image(
    image: ByteArray, matrix: FloatArray, shape: tuple[int, int]
) -> ByteArray:
    """Return an image seen through a map, bilinear.

    Args:
        image: (H, W) or (H, W, C), uint8.
        matrix: (3, 3), from ``image`` to the returned one.
        shape: (H, W) of the returned image.

    Returns:
        (H, W) or (H, W, C) uint8, 0 where there is no image. Where the map shrinks to
        half or less, pixels are averaged first (see :func:`shrink_image`).
    """
    scale_x, scale_y = np.hypot(matrix[0, :2], matrix[1, :2])
    shrunk = shrink_image(image, scale_x, scale_y)
    to_image = resize_matrix(shrunk.shape[:2], image.shape[:2])
    warped = cv2.warpAffine(
        shrunk, (matrix @ to_image)[:2], shape[::-1], flags=cv2.INTER_LINEAR
    )
    return np.asarray(warped, dtype=np.uint8)


def shrink_image(image: ByteArray, scale_x: float, scale_y: float) -> ByteArray:
    """Average pixels so that bilinear sampling can do the rest of a scaling.

    Averaging 2x2 pixels takes a tenth of the time of an average over areas that are
    no whole number of pixels.

    Args:
        image: (H, W) or (H, W, C), uint8.
        scale_x: Factor of the whole scaling along x, > 0.
        scale_y: The same along y.

    Returns:
        The image itself, or the whole image at a half, a quarter, ... of its size
        along one axis or both, not smaller than the scaling asks for.

    Example:
        >>> shrink_image(np.zeros((590, 1640), np.uint8), 0.49, 0.49).shape
        (295, 820)
        >>> shrink_image(np.zeros((720, 1280), np.uint8), 0.5, 0.51).shape
        (720, 1280)
    """
    height, width = image.shape[:2]
    while max(scale_x, scale_y) <= 0.5 and min(height, width) >= 2:
        height, width = height // 2, width // 2
        scale_x, scale_y = 2 * scale_x, 2 * scale_y
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    rest_x, rest_y = _rest_factor(scale_x), _rest_factor(scale_y)
    if rest_x == rest_y == 1:
        return image
    size = (max(1, width // rest_x), max(1, height // rest_y))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def _rest_factor(scale: float) -> int:
    if scale >= _SMALLEST_BILINEAR_SCALE:
        return 1
    return 2 ** int(np.log2(1 / scale))

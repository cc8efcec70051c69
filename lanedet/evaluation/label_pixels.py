"""Lanes of resized images in the pixels of the images that were labelled."""

from collections.abc import Sequence

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.ops import map_points, resize_matrix

_DECIMALS = 6  # so that labels come back as they were, whole numbers as such


def in_label_pixels(
    lanes: Sequence[FloatArray], shape: tuple[int, int], label_shape: tuple[int, int]
) -> list[FloatArray]:
    """Return lanes in pixels of an image that was labelled and resized since.

    Official rules are made for the size that was labelled: 20 pixels are 20 of those.

    Args:
        lanes: Polylines, each (N, 2), in pixels of the image that is there.
        shape: (H, W) of that image.
        label_shape: (H, W) of the image that was labelled.

    Returns:
        The lanes, to a millionth of a pixel; as they are where the shapes are equal.

    Example:
        >>> lane = np.array([[213.0, 119.5]])
        >>> in_label_pixels([lane], (240, 426), (720, 1278))
        [array([[640. , 359.5]])]
    """
    if tuple(shape) == tuple(label_shape):
        return list(lanes)
    matrix = resize_matrix(shape, label_shape)
    return [np.round(map_points(lane, matrix), _DECIMALS) for lane in lanes]

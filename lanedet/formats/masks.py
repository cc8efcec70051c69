"""Lane masks: images that say of each pixel whether it is lane, or which kind."""

from pathlib import Path

import numpy as np

from lanedet.arrays import ByteArray
from lanedet.formats.bdd100k_bytes import check_lane_mask
from lanedet.formats.label_faults import LabelError
from lanedet.images import ImageError, read_stored_image

MAX_MASK_PIXELS = 1 << 25
"""The most pixels of a mask: those of 8K."""


def read_mask(path: Path) -> ByteArray:
    """Return a lane mask as it is on disk, (H, W) uint8.

    It holds lane bytes or is binary: :func:`~lanedet.formats.lanes_of_mask` tells which
    and returns the lanes in it.

    Raises:
        FileNotFoundError: If there is no such file.
        LabelError: If it is no image of one 8-bit channel, is too large, or no lane
            mask.
    """
    if not path.is_file():
        raise FileNotFoundError(f"No lane mask at '{path}'.")
    try:
        mask = read_stored_image(path, MAX_MASK_PIXELS)
    except ImageError as error:
        raise LabelError(
            f"{path}: a mask must be an image, but this is an unreadable file: {error}"
        ) from error
    if mask.ndim != 2 or mask.dtype != np.uint8:
        raise LabelError(
            f"{path}: a mask must be an image of one 8-bit channel, got {mask.dtype} "
            f"{mask.shape}. The colored 'colormaps' are for looking at; the labels "
            "are the 'masks'."
        )
    try:
        check_lane_mask(mask)
    except ValueError as error:
        raise LabelError(f"{path}: {error}") from error
    return mask

"""Class maps over the images that they were drawn for."""

import numpy as np

from lanedet.arrays import ByteArray
from lanedet.visualization.draw import slot_color

_OPACITY = 0.6


def draw_class_map(
    image: ByteArray, class_map: ByteArray, num_slots: int = 6
) -> ByteArray:
    """Lay a class map over a copy of an image, in the colors of the slots.

    Args:
        image: (H, W, 3) uint8, RGB.
        class_map: (H, W) uint8: 0 for background, ``k + 1`` for slot ``k``.
        num_slots: Number of slots K.

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        ValueError: If the sizes differ or a class is above K.
    """
    if class_map.shape != image.shape[:2]:
        raise ValueError(
            f"The class map must have the image's size {image.shape[:2]}, got "
            f"{class_map.shape}."
        )
    if class_map.max(initial=0) > num_slots:
        raise ValueError(
            f"Classes must lie in [0, {num_slots}], got {class_map.max()}."
        )
    colors = [slot_color(slot, num_slots) for slot in range(num_slots)]
    palette = np.array([(0, 0, 0), *colors], dtype=np.float64)
    opacity = np.where(class_map > 0, _OPACITY, 0.0)[..., None]
    blended = (1 - opacity) * image + opacity * palette[class_map]
    return np.rint(blended).astype(np.uint8)

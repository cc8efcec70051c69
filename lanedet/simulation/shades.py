"""Shadows that fall across the road from what stands beside it."""

import cv2
import numpy as np

from lanedet.arrays import ByteArray
from lanedet.simulation.decals import lay_flat
from lanedet.simulation.view import SceneView


def shade_light(view: SceneView) -> ByteArray | None:
    """Return the light that the scene's shades leave on the ground.

    Where several fall on the same place, the darkest counts: sunlight is missing once.

    Returns:
        (H, W) uint8, 255 in the sun; None if there is no shade.
    """
    shades = view.scene.surroundings.shades
    if not shades:
        return None
    shadow = np.zeros(view.shape, dtype=np.uint8)
    for shade in shades:
        one = np.zeros(view.shape, dtype=np.uint8)
        if shade.outlines:
            lay_flat(view, shade.outlines).fill(one, 255 * shade.darkness)
        cv2.max(shadow, one, dst=shadow)
    # The sun is no point: far edges are soft anyway, near ones over some pixels.
    width = 2 * (view.shape[0] // 150) + 1
    return np.asarray(255 - cv2.blur(shadow, (width, width)), dtype=np.uint8)

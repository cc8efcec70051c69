"""Shadows that fall across the road from what stands beside it."""

import cv2
import numpy as np

from lanedet.simulation.canvas import darken
from lanedet.simulation.decals import fill_on_ground
from lanedet.simulation.view import SceneView
from lanedet.structures import ByteArray


def cast_shades(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Darken the road under the scene's shades."""
    del rng
    shades = view.scene.surroundings.shades
    if not shades:
        return image
    shadow = np.zeros(view.shape, dtype=np.uint8)
    for shade in shades:
        fill_on_ground(shadow, view, shade.outlines, 255 * shade.darkness)
    # The sun is no point: far edges are soft anyway, near ones over some pixels.
    width = 2 * (view.shape[0] // 150) + 1
    soft = cv2.blur(shadow, (width, width))
    top = view.ground.top_row
    image[top:] = darken(image[top:], 255 - np.asarray(soft[top:], dtype=np.uint8))
    return image

"""The air between the camera and what it sees."""

import math

import numpy as np

from lanedet.arrays import Float32Array
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.world.color import Color, mix


def haze_share(projection: Projection, ahead_m: Float32Array) -> Float32Array:
    """Return the share of haze in what is seen at distances, in [0, 1)."""
    visibility = np.float32(projection.scene.light.visibility_m)
    clear = np.exp(np.divide(ahead_m, -visibility, dtype=np.float32))
    return np.asarray(1 - clear, dtype=np.float32)


def through_haze(projection: Projection, color: Color, ahead_m: float) -> Color:
    """Return how a color looks from a distance."""
    light = projection.scene.light
    share = 1 - math.exp(-max(ahead_m, 0.0) / light.visibility_m)
    return mix(color, light.horizon_color, share)

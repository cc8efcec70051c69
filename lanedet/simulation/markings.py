"""Lane markings, painted with the exact share of each pixel that they cover."""

import numpy as np

from lanedet.simulation.road import Stripe
from lanedet.simulation.textures import noise_tile, pick_tile
from lanedet.simulation.view import SceneView
from lanedet.structures import ByteArray

_WEAR_CELL_M = (0.02, 0.12)


def paint_markings(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Paint every stripe of the road's lane lines onto the ground."""
    del rng
    below = image[view.ground.top_row :].reshape(-1, 3)
    for line in view.scene.road.lines:
        for stripe in line.stripes:
            _paint_stripe(below, view, stripe)
    return image


def _paint_stripe(pixels: ByteArray, view: SceneView, stripe: Stripe) -> None:
    """Paint one stripe onto the ground's pixels (h * W, 3), in place."""
    ground, scene = view.ground, view.scene
    reach = ground.across * np.float32(0.5) + np.float32(stripe.width_m / 2)
    away = np.abs(ground.lateral - np.float32(stripe.lateral_m))
    touched = np.flatnonzero(away < reach)
    if len(touched) == 0:
        return
    across = ground.across.ravel()[touched]
    lateral = ground.lateral.ravel()[touched] - stripe.lateral_m
    overlap = reach.ravel()[touched] - away.ravel()[touched]
    cover = np.minimum(overlap, np.minimum(across, stripe.width_m)) / across
    ahead = ground.ahead.ravel()[touched]
    # In float32 a station of several kilometres would be off by millimetres.
    stations = ahead + (scene.camera.station_m - stripe.phase_m)
    half = ground.along.ravel()[touched] / 2
    cover = cover * stripe.pattern.painted_share(stations - half, stations + half)
    cover *= stripe.opacity * ground.cover.ravel()[touched]
    if stripe.wear > 0:
        flakes = pick_tile(
            noise_tile(0.6, seed=5),
            lateral / _WEAR_CELL_M[0],
            stations / _WEAR_CELL_M[1],
        )
        # Above the normal distribution's quantile of the wear, paint is left.
        cover *= np.clip((flakes - 3 * (stripe.wear - 0.5)) * 0.8 + 0.5, 0.2, 1)
    haze = view.haze(ahead)[:, None]
    paint = np.array(stripe.color) * (1 - haze)
    paint += np.array(scene.light.horizon_color) * haze
    below = pixels[touched]
    pixels[touched] = (below + (paint - below) * cover[:, None]).astype(np.uint8)

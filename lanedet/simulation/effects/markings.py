"""Lane markings, painted with the exact share of each pixel that they cover."""

import math

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import ByteArray
from lanedet.simulation.effects.surface import taper_offsets
from lanedet.simulation.painting.kernels import lay_paint
from lanedet.simulation.painting.noise import noise_tile, sample_points
from lanedet.simulation.painting.places import find_stripe
from lanedet.simulation.projection.air import haze_share
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.world.road import LaneLine, Road, Stripe

_WEAR_CELL_M = (0.02, 0.12)


def paint_markings(image: ByteArray, projection: Projection) -> ByteArray:
    """Paint every stripe of the road's lane lines, and what is left of older ones."""
    below = image[projection.ground.top_row :].reshape(-1, 3)
    for ghost in projection.scene.road.ghosts:
        _paint_stripe(below, projection, ghost, LaneLine(ghost.lateral_m, ()))
    for line in (*projection.scene.road.ramp_lines, *projection.scene.road.lines):
        for stripe in line.stripes:
            _paint_stripe(below, projection, stripe, line)
    return image


def _paint_stripe(
    pixels: ByteArray, projection: Projection, stripe: Stripe, line: LaneLine
) -> None:
    """Paint one stripe of a line onto the ground's pixels (h * W, 3), in place."""
    ground, scene = projection.ground, projection.scene
    middle, width = np.float32(stripe.lateral_m), np.float32(stripe.width_m)
    laterals = ground.lateral
    if line.taper is not None:
        laterals = laterals - taper_offsets(line.taper, projection)
    touched = find_stripe(laterals, ground.across, middle, width)
    if len(touched) == 0:
        return
    across = ground.across.ravel()[touched]
    lateral = laterals.ravel()[touched] - middle
    overlap = (across + width) / 2 - np.abs(lateral)
    cover = np.minimum(overlap, np.minimum(across, width)) / across
    ahead = ground.ahead.ravel()[touched]
    # In float32 a station of several kilometres would be off by millimetres.
    stations = ahead + (scene.camera.station_m - stripe.phase_m)
    half = ground.along.ravel()[touched] / 2
    cover = cover * stripe.pattern.painted_share(stations - half, stations + half)
    cover *= stripe.opacity * ground.cover.ravel()[touched]
    if _is_broken(scene.road, line):
        cover *= _existence(ahead + scene.camera.station_m, scene.road, line)
    if stripe.gap is not None:
        first, last = stripe.gap
        at = ahead + scene.camera.station_m
        cover *= (at < first) | (at > last)
    if stripe.wear > 0:
        flakes = sample_points(
            noise_tile("wear", 0.6),
            lateral / _WEAR_CELL_M[0],
            stations / _WEAR_CELL_M[1],
        )
        # Above the normal distribution's quantile of the wear, paint is left.
        cover *= np.clip((flakes - 3 * (stripe.wear - 0.5)) * 0.8 + 0.5, 0.2, 1)
    shares = cover.astype(np.float32), haze_share(projection, ahead)
    paint = np.array(stripe.color, dtype=np.float32)
    sky = np.array(scene.light.horizon_color, dtype=np.float32)
    lay_paint(pixels, touched, shares, (paint, sky))


def _is_broken(road: Road, line: LaneLine) -> bool:
    return (
        road.crossroad is not None or line.start_m > -math.inf or line.end_m < math.inf
    )


def _existence(
    stations: NDArray[np.floating], road: Road, line: LaneLine
) -> NDArray[np.bool_]:
    """Return at which stations a line is painted."""
    exists = (stations >= line.start_m) & (stations <= line.end_m)
    if road.crossroad is not None:
        exists &= ~road.crossroad.holds(stations)
    return exists

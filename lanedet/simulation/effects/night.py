"""Lights in the dark beside lamps: pools of light, far lights, bloom, mirrors."""

from collections.abc import Sequence

import cv2
import numpy as np

from lanedet.arrays import ByteArray, Float32Array, FloatArray
from lanedet.simulation.effects.vehicles import visible_faces
from lanedet.simulation.painting.canvas import fill_polygon, fill_polygons, multiply
from lanedet.simulation.painting.kernels import TILE_SIZE
from lanedet.simulation.painting.noise import noise_tile, sample_tile
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.world.color import Color

LAMP_POST_M = 8.8
"""The height of a street lamp."""

_STREAM_M = (8.0, 320.0)
_NUM_PLACES = 60
_HEADLAMPS: tuple[Color, ...] = ((255, 244, 214), (235, 243, 255), (255, 228, 180))
_FAR_COLORS: tuple[Color, ...] = (
    (255, 200, 120), (255, 240, 205), (210, 230, 255), (255, 80, 50), (120, 255, 150),
    (255, 170, 80),
)  # fmt: skip
_MIRROR_RANGE_M = 150.0
_ANGLES = np.linspace(0, 2 * np.pi, 12, endpoint=False)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
_POST_COLOR: Color = (255, 205, 130)


def post_stations(projection: Projection, reach_m: float) -> np.ndarray:
    """Return the distances ahead of the lamp posts, shape (N,), none within 1 m."""
    spacing = max(1, round(projection.scene.surroundings.pole_spacing_m / 10)) * 10
    here = projection.scene.camera.station_m
    first = here // spacing + 1
    stations = np.arange(first, first + reach_m // spacing) * spacing - here
    return np.asarray(stations[stations > 1])


def street_pools(projection: Projection) -> Float32Array:
    """Return what street lamps add to the light, (H, W) float32, about 1 below them."""
    spacing = max(1, round(projection.scene.surroundings.pole_spacing_m / 10)) * 10
    ground, pavement = projection.ground, projection.scene.road.pavement
    light = np.full(projection.shape, 0.3, dtype=np.float32)
    lateral, ahead = ground.lateral[::2, ::2], ground.ahead[::2, ::2]
    station = ahead + np.float32(projection.scene.camera.station_m % spacing)
    along = (station + spacing / 2) % spacing - spacing / 2
    pools = np.zeros(lateral.shape)
    for side in (pavement.left_m + 0.5, pavement.right_m - 0.5):
        squares = along**2 + (lateral - np.float32(side)) ** 2
        pools += (1 + squares / np.float32(LAMP_POST_M**2)) ** -2
    # Far pools merge.
    share = np.clip(ground.along[::2, ::2] / spacing, 0, 1)
    pools = pools * (1 - share) + np.float32(0.45) * share
    below = light[ground.top_row :]
    below[:] = cv2.resize(pools.astype(np.float32), below.shape[1::-1])
    return light


def light_far(glow: ByteArray, projection: Projection) -> None:
    """Draw the lamps of the other carriageway, and small lights on the horizon."""
    night = projection.scene.night
    world = projection.world_rng("far_lights")
    draws = world.uniform(size=(2 * _NUM_PLACES, 6))
    hue = world.integers(len(_FAR_COLORS), size=_NUM_PLACES)
    is_lit = draws[:_NUM_PLACES, 0] < night.far
    draw = draws[:_NUM_PLACES][is_lit]
    directions = np.stack([2.6 * draw[:, 1] - 1.3, 0.07 * draw[:, 2] ** 2 - 0.005], 1)
    radii = np.maximum(0.5, (0.0012 + 0.003 * draw[:, 3] ** 3) * projection.focal)
    colors = [_FAR_COLORS[number] for number in hue[is_lit]]
    light_points(glow, projection.project_far(directions), radii, colors)
    side = projection.scene.road.pavement.left_m - 5.0
    low, high = _STREAM_M
    is_lit = draws[_NUM_PLACES:, 0] < night.oncoming
    draw = draws[_NUM_PLACES:][is_lit]
    places = (np.flatnonzero(is_lit) + draw[:, 1]) / _NUM_PLACES
    aheads = (low * (high / low) ** places)[:, None]
    laterals = side - 3.6 * (draw[:, 2:3] > 0.5) + 0.5 * draw[:, 3:4] + [-0.65, 0.65]
    points = projection.project_visible(aheads, laterals, 0.65 + 0.3 * draw[:, 5:6])
    radii = np.maximum(0.6, 0.17 * projection.focal / aheads).repeat(2)
    colors = [
        _HEADLAMPS[int(share * len(_HEADLAMPS))] for share in draw[:, 4].repeat(2)
    ]
    light_points(glow, points.reshape(-1, 2), radii, colors)


def light_points(
    glow: ByteArray, points: FloatArray, radii: FloatArray, colors: Sequence[Color]
) -> None:
    """Draw round lamps at pixels (N, 2), in place."""
    outlines = points[:, None] + radii[:, None, None] * _CIRCLE
    ends = np.arange(1, len(points) + 1) * len(_CIRCLE)
    fill_polygons(glow, outlines.reshape(-1, 2), ends, colors)


def reflect_lamps(image: ByteArray, projection: Projection) -> ByteArray:
    """Mirror lamps in the wet road as long streaks towards the camera."""
    wet, light = projection.scene.weather.wet, projection.scene.light
    strength = wet * (1 - 0.75 * light.daylight)
    if strength <= 0:
        return image
    height, width = projection.shape
    layer = np.zeros((height // 2, width // 2, 3), dtype=np.uint8)
    if projection.scene.surroundings.pole_spacing_m > 0 and light.daylight < 0.7:
        pavement = projection.scene.road.pavement
        for ahead in post_stations(projection, _MIRROR_RANGE_M)[::-1]:
            for lateral in (pavement.left_m + 0.5, pavement.right_m - 0.5):
                _draw_streak(
                    layer, projection, ahead, lateral, LAMP_POST_M, _POST_COLOR
                )
    for face in visible_faces(projection):
        if face.ahead_m >= _MIRROR_RANGE_M:
            continue
        # What stands nearer hides the mirror images behind it.
        fill_polygon(layer, face.outline / 2, (0, 0, 0))
        is_oncoming, foot_y = face.vehicle.is_oncoming, face.foot[1]
        color: Color = (255, 245, 215) if is_oncoming else (255, 40, 26)
        for x, y in face.lamps:
            thickness = 0.16 * projection.focal / face.ahead_m
            end = np.array([x, 2 * foot_y - y])
            _fill_streak(layer, (foot_y, end), thickness, color)
    size = (1 + 2 * max(1, height // 100), 1 + 2 * (height // 40))
    layer = cv2.blur(cv2.blur(layer, size), size)
    large = cv2.resize(layer, (width, height))
    top = projection.ground.top_row
    rippled = multiply(large[top:], _ripples(projection))
    image[top:] = cv2.addWeighted(image[top:], 1, rippled, 0.85 * strength, 0)
    return image


def _ripples(projection: Projection) -> Float32Array:
    """Return how much light each pixel of the ground mirrors: rough asphalt breaks it.

    Returns:
        (h, W) float32 for the rows of the ground, in [0, 1].
    """
    ground = projection.ground
    lateral, ahead = ground.lateral[::2, ::2], ground.ahead[::2, ::2]
    start = np.float32(projection.scene.camera.station_m % TILE_SIZE)
    noise = sample_tile(
        noise_tile("ripples", 0.9),
        lateral * np.float32(6),
        (ahead + start) * np.float32(2.5),
    )
    ripples = np.clip(0.45 + 0.3 * noise, 0.05, 1).astype(np.float32)
    size = (projection.shape[1], projection.shape[0] - ground.top_row)
    return np.asarray(cv2.resize(ripples, size), dtype=np.float32)


def _draw_streak(
    layer: ByteArray,
    projection: Projection,
    ahead: float,
    lateral: float,
    height_m: float,
    color: Color,
) -> None:
    end = projection.project(ahead, lateral, -height_m)
    foot = projection.project_visible(ahead, lateral, 0.0)
    if end[1] > foot[1]:
        _fill_streak(layer, (foot[1], end), 0.2 * projection.focal / ahead, color)


def _fill_streak(
    layer: ByteArray, ends: tuple[float, np.ndarray], size: float, color: Color
) -> None:
    """Fill a streak around a lamp's mirror image on a layer of half the size."""
    foot_y, (x, y) = ends
    reach = max(1.4 * (y - foot_y), 3.0)
    half = max(1.5 * size, 1.5)
    corners = np.array(
        [(x - half, y), (x, max(foot_y, y - reach)), (x + half, y), (x, y + reach)]
    )
    fill_polygon(layer, corners / 2, color)


def bloom_lamps(image: ByteArray, projection: Projection) -> ByteArray:
    """Spread bright spots over greasy glass: a wide glow and a slanted streak."""
    bloom, (height, width) = projection.scene.night.bloom, projection.shape
    if bloom == 0:
        return image
    small = cv2.resize(image, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    bright = cv2.convertScaleAbs(cv2.subtract(small, (150, 150, 150, 0)), alpha=2.2)
    glow = cv2.GaussianBlur(bright, (0, 0), height / 55)
    world = projection.world_rng("bloom")
    streak = cv2.filter2D(bright, -1, _streak_kernel(world.uniform(-1.2, 1.2), height))
    spread = cv2.addWeighted(glow, 1.3, streak, 1.6, 0)
    spread = cv2.resize(spread, (width, height))
    return np.asarray(cv2.addWeighted(image, 1, spread, bloom, 0), dtype=np.uint8)


def _streak_kernel(lean: float, height: int) -> Float32Array:
    """Return a thin line across a filter; the wiper's traces spread light across it."""
    half = max(3, height // 24)
    kernel = np.zeros((2 * half + 1, 2 * half + 1), dtype=np.float32)
    away = half * np.array([np.sin(lean), -np.cos(lean)])
    first, last = (np.rint(half + sign * away).astype(int) for sign in (-1, 1))
    cv2.line(kernel, first, last, 1.0, 1)
    ys, xs = np.mgrid[-half : half + 1, -half : half + 1]
    kernel *= np.exp(-np.hypot(xs, ys) / (half / 2)).astype(np.float32)
    return kernel / kernel.sum()

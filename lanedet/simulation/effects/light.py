"""Light and its absence: shadows, night, lamps."""

from collections.abc import Sequence

import cv2
import numpy as np

from lanedet.arrays import ByteArray
from lanedet.simulation.effects.backdrop import light_city
from lanedet.simulation.effects.decals import shade_light
from lanedet.simulation.effects.houses import light_windows
from lanedet.simulation.effects.night import (
    LAMP_POST_M,
    light_far,
    light_points,
    post_stations,
    street_pools,
)
from lanedet.simulation.effects.screens import screens
from lanedet.simulation.effects.vehicles import visible_faces, visible_vehicles
from lanedet.simulation.painting.canvas import (
    darken,
    fill_polygon,
    fill_polygons,
    multiply,
)
from lanedet.simulation.painting.kernels import TILE_SIZE
from lanedet.simulation.painting.noise import noise_tile, sample_tile, tile_offsets
from lanedet.simulation.projection.projection import NEAREST_M, Projection
from lanedet.simulation.world.vehicle_bodies import BODIES

_LAMP_RANGE_M = 180.0
_SKYLIGHT = 72
"""The light of the sky in the darkest shadow of the sun, of 255."""
_NUM_LIT_POSTS = 11
_UNDER_CAR = 60
_UNDER_BRIDGE = 130
_ONE_TRACK_SHARE = 0.45
"""The share of its width that a vehicle takes whose wheels run behind one another."""
_DUSK = 0.3  # of daylight: below, lamps make what light there is


def cast_shadows(image: ByteArray, projection: Projection) -> ByteArray:
    """Darken the ground under and beside vehicles, trees, bridges and shades.

    Shadows that overlap are no darker than the darkest of them: what hides the sun a
    second time hides nothing more. Light of the sky reaches all of them.
    """
    light, top = projection.scene.light, projection.ground.top_row
    lit = np.full(projection.shape, 255, dtype=np.uint8)
    ground = lit[top:]
    dark = 255 * (1 - 0.72 * light.shadow)
    if light.tree_shade > 0 and light.shadow > 0:
        ground[:] = _tree_shade(projection, dark)
    _sun_shadows(lit, projection, dark)
    _bridge_shadow(lit, projection, dark)
    if top == len(lit):
        return image
    cv2.blur(ground, (3, 3), dst=ground)
    shaded = shade_light(projection)
    if shaded is not None:
        cv2.min(ground, shaded[top:], dst=ground)
    cv2.max(ground, _SKYLIGHT, dst=ground)
    _undersides(lit, projection)
    image[top:] = darken(image[top:], ground)
    return image


def _sun_shadows(lit: ByteArray, projection: Projection, dark: float) -> None:
    """Darken the light beside vehicles, on the side away from the sun, in place."""
    light = projection.scene.light
    if light.shadow <= 0.15:
        return
    feet: list[tuple[float, float]] = []
    for vehicle, ahead in visible_vehicles(projection):
        body = BODIES[vehicle.kind]
        left, right = vehicle.lateral_m + body.width_m * np.array([-0.5, 0.5])
        fall = light.sun_lateral * body.height_m * 0.8
        left, right = left + min(fall, 0.0), right + max(fall, 0.0)
        near = ahead - 1.3 * light.backlight * body.height_m
        far = ahead + body.length_m
        feet += [(near, left), (near, right), (far, right), (far, left)]
    _fill_feet(lit, projection, feet, [dark] * (len(feet) // 4))


def _undersides(lit: ByteArray, projection: Projection) -> None:
    """Darken the light beneath vehicles, in place; even an overcast sky is dark there.

    Its edges are soft: the darkness is half as deep around. Haze takes it away.
    """
    vehicles = visible_vehicles(projection)
    if not vehicles:
        return
    under = np.full(projection.shape, 255, dtype=np.uint8)
    distances = np.array([max(ahead, 0.0) for _, ahead in vehicles])
    seen = (255 - _UNDER_CAR) * np.exp(-distances / projection.scene.light.visibility_m)
    feet: list[tuple[float, float]] = []
    levels: list[float] = []
    for grown, share in ((1.12, 0.5), (1.0, 1.0)):
        levels += (255 - share * seen).tolist()
        for vehicle, ahead in vehicles:
            body, middle = BODIES[vehicle.kind], vehicle.lateral_m
            half, far = grown * body.width_m / 2, ahead + body.length_m
            if body.has_one_track:
                half *= _ONE_TRACK_SHARE
            near = ahead - 0.25 * grown
            sides = (-1.04 * half, 1.04 * half, 0.936 * half, -0.936 * half)
            aheads = (near, near, far, far)
            feet += zip(aheads, (middle + side for side in sides), strict=True)
    _fill_feet(under, projection, feet, levels)
    top = projection.ground.top_row
    cv2.min(lit[top:], under[top:], dst=lit[top:])


def _fill_feet(
    lit: ByteArray,
    projection: Projection,
    feet: list[tuple[float, float]],
    levels: Sequence[float],
) -> None:
    """Fill quadrangles of (ahead, lateral) corners with a level each, in place."""
    if feet:
        points = projection.project_visible(*np.array(feet).T)
        ends = np.arange(1, len(levels) + 1) * 4
        fill_polygons(lit, points, ends, [(level,) for level in levels])


def _tree_shade(projection: Projection, dark: float) -> np.ndarray:
    """Return the light under the roadside's trees, dappled."""
    ground, light = projection.ground, projection.scene.light
    right, far = tile_offsets(projection, "crowns")
    start = projection.scene.camera.station_m % (TILE_SIZE * 0.45)
    crowns = sample_tile(
        noise_tile("crowns", 1.25),
        ground.lateral * np.float32(3.0) + np.float32(right),
        (ground.ahead + np.float32(start)) * np.float32(1 / 0.45) + np.float32(far),
    )
    blur = np.maximum(1, ground.along)
    share = np.clip((crowns + 2.4 * light.tree_shade - 1.6) * 3 / blur + 0.5, 0, 1)
    return (255 - share * np.float32(255 - dark)).astype(np.uint8)


def _bridge_shadow(lit: ByteArray, projection: Projection, dark: float) -> None:
    spacing = projection.scene.surroundings.bridge_spacing_m
    if spacing == 0 or projection.scene.light.daylight < _DUSK:
        return
    here = projection.scene.camera.station_m
    spacing = round(spacing / 10) * 10
    first = (here - 45) // spacing * spacing + 30
    for station in (first, first + spacing, first + 2 * spacing):
        near, far = station - here, station - here + 12
        if far > NEAREST_M:
            aheads = np.array([near, near, far, far])
            sides = np.array([-60, 60, 60, -60.0])
            feet = projection.project_outline(aheads, sides, np.zeros(4))
            fill_polygon(lit, feet, (min(dark, _UNDER_BRIDGE),))


def dim_to_night(image: ByteArray, projection: Projection) -> ByteArray:
    """Take the daylight away, and add the cone of one's own headlights."""
    light = projection.scene.light
    if light.daylight >= 1:
        return image
    height, width = projection.shape
    xs = (np.arange(width) - projection.center[0]) / projection.focal
    below = (
        np.arange(height) - projection.center[1] - projection.horizon_y
    ) / projection.focal
    across = np.exp(-((xs / 0.5) ** 2)) * 0.75 + 0.25 * np.exp(-((xs / 1.1) ** 2))
    # Dipped beams: bright below the horizon, fading to stray light above it.
    stray = 0.10 * np.exp(-((np.minimum(below, 0) / 0.08) ** 2))
    lit = np.exp(-(((below - 0.07) / 0.24) ** 2)) - stray
    down = stray + lit / (1 + np.exp(-(below - 0.018) / 0.009))
    beam = light.headlights * np.outer(down, across)
    gain = (light.daylight + beam).astype(np.float32)
    # Near and bright light saturates no pixel: exposure comes later.
    gain /= 1 + np.float32(0.4) * gain
    night = projection.scene.night
    if night.street == 0 or projection.scene.surroundings.pole_spacing_m == 0:
        return multiply(image, gain)
    pools = np.float32(night.street) * street_pools(projection)
    pools /= 1 + np.float32(0.6) * pools
    tint = np.array(night.street_color, dtype=np.float32) / np.float32(255)
    return multiply(image, cv2.merge([gain + pools * channel for channel in tint]))


def light_lamps(image: ByteArray, projection: Projection) -> ByteArray:
    """Light the lamps of vehicles and of lamp posts when it is dark."""
    light = projection.scene.light
    if light.daylight >= 0.7:
        return image
    strength = 1 - light.daylight
    glow = np.zeros_like(image)
    if projection.scene.night.far > 0 or projection.scene.night.oncoming > 0:
        light_far(glow, projection)
    light_city(glow, projection)
    light_windows(glow, projection, screens(projection))
    _light_posts(glow, projection)
    for face in visible_faces(projection):
        # A face hides the lights behind it; what only a flank hides still shines.
        fill_polygon(glow, face.outline, (0, 0, 0))
        if face.ahead_m > _LAMP_RANGE_M:
            continue
        is_oncoming = face.vehicle.is_oncoming
        color = (255, 245, 215) if is_oncoming else (255, 45, 30)
        size = 0.18 if is_oncoming else 0.09
        radius = max(0.6, size * projection.focal / face.ahead_m)
        light_points(glow, face.lamps, np.full(2, radius), [color] * 2)
    return _add_glow(image, glow, strength, projection.shape[0])


def _light_posts(glow: ByteArray, projection: Projection) -> None:
    spacing = projection.scene.surroundings.pole_spacing_m
    if spacing == 0:
        return
    pavement = projection.scene.road.pavement
    aheads = post_stations(
        projection, _NUM_LIT_POSTS * max(10, round(spacing / 10) * 10)
    )
    laterals = np.array([pavement.left_m + 0.5, pavement.right_m - 0.5])
    points = projection.project_visible(aheads[:, None], laterals, LAMP_POST_M)
    radii = np.maximum(0.6, 0.25 * projection.focal / aheads)
    colors = [(255.0, 205.0, 130.0)] * (2 * len(radii))
    light_points(glow, points.reshape(-1, 2), radii.repeat(2), colors)


def _add_glow(
    image: ByteArray, glow: ByteArray, strength: float, height: int
) -> ByteArray:
    """Add lamps, a sharp core and a wide halo, to the picture."""
    small = cv2.resize(glow, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    halo = cv2.GaussianBlur(small, (0, 0), max(1.0, height / 120))
    halo = cv2.resize(halo, glow.shape[1::-1])
    bright = cv2.addWeighted(image, 1, glow, strength, 0)
    return np.asarray(cv2.addWeighted(bright, 1, halo, 1.6 * strength, 0), np.uint8)

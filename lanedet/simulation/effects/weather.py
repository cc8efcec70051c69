"""Rain, fog and snow: what falls, and what lies on the road."""

from itertools import pairwise

import cv2
import numpy as np

from lanedet.arrays import ByteArray, Float32Array
from lanedet.simulation.effects.vehicles import visible_vehicles
from lanedet.simulation.painting.canvas import blend, fill_polygon
from lanedet.simulation.painting.kernels import TILE_SIZE
from lanedet.simulation.painting.noise import noise_tile, sample_tile, tile_offsets
from lanedet.simulation.projection.air import through_haze
from lanedet.simulation.projection.projection import NEAREST_M, Projection
from lanedet.simulation.world.color import Color, shade
from lanedet.simulation.world.vehicle_bodies import BODIES

_SPRAY_RANGE_M = 120.0
_SNOW: Color = (226, 231, 240)
_MOST_STREAKS = 380
_MOST_FLAKES = 320
_TRACK_M = 0.85  # from the middle of a lane to a wheel


def veil_sky(image: ByteArray, projection: Projection) -> ByteArray:
    """Hide the sky and the skyline in fog, most of all at the horizon."""
    fog = projection.scene.weather.fog
    if fog == 0:
        return image
    # The ground is painted later, over what is below its edge.
    is_open = (projection.ground.cover < 1).any(axis=1)
    bottom = projection.ground.top_row + int(np.count_nonzero(is_open))
    rows = np.arange(bottom) - projection.center[1]
    rise = np.clip((projection.horizon_y - rows) / projection.focal, 0, None)
    share = fog * np.exp(-4 * rise * (1 - fog))
    veil = np.repeat(share.astype(np.float32)[:, None], projection.shape[1], axis=1)
    image[:bottom] = blend(image[:bottom], projection.scene.light.horizon_color, veil)
    return image


def lay_snow(image: ByteArray, projection: Projection) -> ByteArray:
    """Cover verges, shoulders and what lies between the wheel tracks with snow."""
    snow, ground = projection.scene.weather.snow, projection.ground
    if snow == 0:
        return image
    lateral, ahead = ground.lateral[::2, ::2], ground.ahead[::2, ::2]
    noise = _along_noise(projection, lateral, ahead, (0.22, 2.5), 0.9)
    noise += 0.6 * _along_noise(projection, lateral, ahead, (1.6, 14.0), 1.2)
    depth = _snow_depth(projection, lateral) + 1.8 * (snow - 0.5)
    cover = np.clip((depth + 0.5 * noise) * 1.5 + 0.5, 0, 1) * min(1.0, 2 * snow)
    # A pixel far away sees much ground: neither bare nor white.
    below = image[ground.top_row :]
    share = cv2.resize(cover * np.float32(0.93), below.shape[1::-1])
    share *= ground.cover
    seen = through_haze(projection, _SNOW, 25.0)
    below[:] = blend(below, seen, np.asarray(share, dtype=np.float32))
    return image


def _snow_depth(projection: Projection, lateral: Float32Array) -> Float32Array:
    """Return where snow stays: much beside the road, none in the wheel tracks."""
    lines, pavement = projection.scene.road.lines, projection.scene.road.pavement
    knots = [(-1e3, 2.0), (pavement.left_m - 0.3, 2.0)]
    middles = [
        (left.lateral_m + right.lateral_m) / 2 for left, right in pairwise(lines)
    ]
    for middle in middles:
        for offset, depth in ((-1.45, -0.1), (-_TRACK_M, -1.6), (0.0, -0.3)):
            knots.append((middle + offset, depth))
        knots += [(middle + _TRACK_M, -1.6), (middle + 1.45, -0.1)]
    knots += [(pavement.right_m + 0.3, 2.0), (1e3, 2.0)]
    places, depths = np.array(sorted(knots)).T
    return np.interp(lateral, places, depths).astype(np.float32)


def wet_road(image: ByteArray, projection: Projection) -> ByteArray:
    """Darken the road with water that mirrors sky, hills and vehicles."""
    wet, ground = projection.scene.weather.wet, projection.ground
    if wet == 0:
        return image
    lateral, ahead = ground.lateral[::2, ::2], ground.ahead[::2, ::2]
    film = 0.62 + 0.16 * _along_noise(projection, lateral, ahead, (0.16, 9.0), 0.8)
    film += 0.14 * _along_noise(projection, lateral, ahead, (0.9, 4.0), 1.3)
    pavement = projection.scene.road.pavement
    inside = np.minimum(lateral - pavement.left_m, pavement.right_m - lateral)
    film = np.clip(film, 0.1, 1) * np.clip(0.35 + inside, 0.25, 1)
    # Schlick's approximation of Fresnel's law; rough water mirrors less.
    height = projection.scene.camera.height_m
    slope = np.clip(height / np.hypot(ahead, height), 0, 1)
    mirrored = np.float32(wet) * film * (0.04 + 0.62 * (1 - slope) ** 4)
    below = image[ground.top_row :]
    size = below.shape[1::-1]
    share = np.asarray(cv2.resize(mirrored.astype(np.float32), size))
    soaked = np.asarray(cv2.resize((1 - 0.5 * wet * film).astype(np.float32), size))
    mirror = _mirror(image, projection)[ground.top_row :]
    kept = cv2.merge([soaked * (1 - share)] * 3)
    shares = cv2.merge([share] * 3)
    dark = cv2.multiply(below, kept, dtype=cv2.CV_8U)
    below[:] = cv2.add(dark, cv2.multiply(mirror, shares, dtype=cv2.CV_8U))
    return image


def _mirror(image: ByteArray, projection: Projection) -> ByteArray:
    """Return what a rough sheet of water at the road's height would show."""
    height, width = projection.shape
    middle = int(np.clip(projection.center[1] + projection.crest_y, 2, height - 2))
    flipped = image[:middle][::-1]
    missing = max(0, height - 2 * middle)
    # Above the picture the sky goes on.
    flipped = cv2.copyMakeBorder(flipped, 0, missing, 0, 0, cv2.BORDER_REPLICATE)
    mirror = np.concatenate([image[:middle], flipped])[:height]
    for vehicle, ahead in visible_vehicles(projection):
        if ahead <= NEAREST_M:
            continue
        body = BODIES[vehicle.kind]
        sides = vehicle.lateral_m + body.width_m * np.array([-0.5, 0.5, 0.45, -0.45])
        downs = -body.height_m * np.array([0.0, 0.0, 1.0, 1.0])
        corners = projection.project(np.full(4, ahead), sides, downs)
        seen = through_haze(projection, shade(vehicle.color, 0.6), ahead)
        fill_polygon(mirror, corners, seen)
    # Ripples smear reflections towards the camera, much more than sideways.
    small = cv2.resize(mirror, (width // 2, height // 4), interpolation=cv2.INTER_AREA)
    small = cv2.blur(small, (3, 1 + 2 * (height // 90)))
    return np.asarray(cv2.resize(small, (width, height)), dtype=np.uint8)


def _along_noise(
    projection: Projection,
    lateral: Float32Array,
    ahead: Float32Array,
    cell_m: tuple[float, float],
    roughness: float,
) -> Float32Array:
    """Return noise that lies on the road, in cells of (across, along) metres."""
    across, along = cell_m
    start = projection.scene.camera.station_m % (TILE_SIZE * along)
    right, ahead_cells = tile_offsets(projection, "weather")
    return sample_tile(
        noise_tile("weather", roughness),
        lateral * np.float32(1 / across) + np.float32(right),
        (ahead + np.float32(start)) * np.float32(1 / along) + np.float32(ahead_cells),
    )


def raise_spray(image: ByteArray, projection: Projection) -> ByteArray:
    """Raise mist from wet roads: clouds behind vehicles, a band at the horizon."""
    spray, (height, width) = projection.scene.weather.spray, projection.shape
    if spray == 0:
        return image
    rng = projection.rng("raise_spray")
    rows, columns = height // 4, width // 4
    mist = np.zeros((rows, columns), dtype=np.float32)
    ys = (np.arange(rows) * 4 - projection.center[1] - projection.horizon_y) / height
    mist += 0.5 * np.exp(-((ys / 0.07) ** 2))[:, None].astype(np.float32)
    for vehicle, ahead in visible_vehicles(projection):
        if not NEAREST_M < ahead < _SPRAY_RANGE_M or vehicle.is_oncoming:
            continue
        body = BODIES[vehicle.kind]
        foot = projection.project_visible(ahead - 0.5, vehicle.lateral_m, 0.0) / 4
        scale = projection.focal / ahead / 4
        cloud = np.zeros_like(mist)
        for size in (1.0, 0.75, 0.5):
            puff = rng.normal(0, 0.15, size=2) * body.width_m
            middle = foot + scale * puff
            middle[1] -= scale * 0.3 * body.height_m * size
            axes = scale * size * np.array([0.85 * body.width_m, 0.5 * body.height_m])
            angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
            circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
            outline = np.rint(16 * (middle + axes * circle)).clip(-(2**15), 2**15)
            cv2.fillPoly(cloud, [outline.astype(np.int32)], 0.25 / size, shift=4)
        sigma = max(0.6, 0.2 * body.width_m * scale)
        mist += cv2.blur(cloud, (2 * round(sigma) + 1,) * 2)
    share = cv2.resize(np.clip(mist * spray, 0, 0.9), (width, height))
    return blend(image, projection.scene.light.horizon_color, np.asarray(share))


def fall_rain(image: ByteArray, projection: Projection) -> ByteArray:
    """Draw streaks of rain before the picture."""
    rain, (height, width) = projection.scene.weather.rain, projection.shape
    if rain == 0:
        return image
    rng = projection.rng("fall_rain")
    count = max(1, round(rain * _MOST_STREAKS))
    starts = rng.uniform((0, -0.1), (1, 1), size=(count, 2)) * (width, height)
    lengths = height * rng.uniform(0.02, 0.10, size=count)
    slant = rng.normal(0, 0.15)
    # Driving makes drops fly outwards.
    lean = slant + 0.5 * (starts[:, 0] - projection.center[0]) / width
    ends = starts + np.stack([lean * lengths, lengths], axis=1)
    return _streak(image, projection, starts, ends, rng.gamma(2.0, 7.0, size=count))


def fall_snow(image: ByteArray, projection: Projection) -> ByteArray:
    """Draw snowflakes that fly at the camera out of the middle of the picture."""
    snowfall, (height, width) = projection.scene.weather.snowfall, projection.shape
    if snowfall == 0:
        return image
    rng = projection.rng("fall_snow")
    count = max(1, round(snowfall * _MOST_FLAKES))
    source = projection.center + np.array([0, projection.horizon_y - 0.05 * height])
    starts = rng.uniform(size=(count, 2)) * (width, height)
    away = starts - source
    share = rng.uniform(0.005, 0.06, size=(count, 1))
    ends = starts + away * share + rng.normal(0, 1.0, size=(count, 2))
    return _streak(image, projection, starts, ends, rng.uniform(30, 110, size=count))


def _streak(
    image: ByteArray,
    projection: Projection,
    starts: np.ndarray,
    ends: np.ndarray,
    levels: np.ndarray,
) -> ByteArray:
    """Add streaks, brighter where there is light to catch."""
    layer = np.zeros(projection.shape, dtype=np.uint8)
    firsts, lasts = np.rint(starts).astype(int), np.rint(ends).astype(int)
    thickness = max(1, round(projection.shape[0] / 400))
    for first, last, level in zip(firsts, lasts, levels, strict=True):
        cv2.line(layer, first, last, float(level), thickness, cv2.LINE_AA)
    light = projection.scene.light
    gain = max(light.daylight, 0.35) * np.array(light.horizon_color) / 255
    soft = cv2.blur(layer, (3, 3))
    tinted = cv2.merge([cv2.convertScaleAbs(soft, alpha=float(g)) for g in gain])
    return np.asarray(cv2.add(image, cv2.convertScaleAbs(tinted, alpha=1.6)), np.uint8)

"""The sky, and the hills and woods on the skyline."""

import math

import cv2
import numpy as np

from lanedet.arrays import ByteArray, Float32Array
from lanedet.simulation.painting.kernels import TILE_SIZE, paint_ridge
from lanedet.simulation.painting.noise import noise_tile, sample_tile, tile_offsets
from lanedet.simulation.projection.air import through_haze
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.world.color import shade

_SKY_REDUCTION = 4


def paint_sky(image: ByteArray, projection: Projection) -> ByteArray:
    """Fill the picture with sky: a gradient, and clouds that hang in perspective."""
    light, (height, width) = projection.scene.light, projection.shape
    # A sky has no fine detail: paint it small and enlarge it.
    rows, columns = -(-height // _SKY_REDUCTION), -(-width // _SKY_REDUCTION)
    ys = (np.arange(rows) * _SKY_REDUCTION - projection.center[1]).astype(np.float32)
    rise = np.clip((projection.horizon_y - ys) / projection.focal, 0.004, None)[:, None]
    rise = rise.astype(np.float32)
    blend = np.clip(rise * 3, 0, 1) ** np.float32(0.7)
    low = np.array(light.horizon_color, dtype=np.float32)
    high = np.array(light.zenith_color, dtype=np.float32)
    xs = (np.arange(columns) * _SKY_REDUCTION - projection.center[0]).astype(np.float32)
    depth = 1 / (rise + 0.06)
    right, down = tile_offsets(projection, "sky")
    cloud_xs = (xs / projection.focal * 18 * depth + right).astype(np.float32)
    cloud_ys = np.broadcast_to(depth * 14 + down, cloud_xs.shape).astype(np.float32)
    density = sample_tile(noise_tile("sky", 1.5), cloud_xs, cloud_ys)
    alpha = np.clip((density + 3.2 * light.cloud_cover - 1.9) * 0.6, 0, 0.9)
    alpha = alpha.astype(np.float32)
    grey = np.float32(1.05) - np.float32(0.14) * np.clip(density, -1, 2)
    tint = (0.35 * high + 0.65 * low) * np.float32(0.4)
    painted = np.empty((rows, columns, 3), dtype=np.uint8)
    # Channel by channel: NumPy is slow where the last axis has but three places.
    for channel in range(3):
        sky = low[channel] + (high[channel] - low[channel]) * blend
        clouds = tint[channel] + 130 * grey
        clouds *= np.float32(light.horizon_color[1] / 215)
        painted[..., channel] = np.clip(sky + (clouds - sky) * alpha, 0, 255)
    cv2.resize(painted, (width, height), dst=image)
    return image


def paint_skyline(image: ByteArray, projection: Projection) -> ByteArray:
    """Paint far hills, and the tree line before them, along the horizon."""
    place, (hills, woods) = projection.scene.surroundings, _ridges(projection)
    far = through_haze(projection, place.hill_color, 900)
    woods_color = shade(place.tree_color, projection.scene.light.facing_gain)
    near = through_haze(projection, woods_color, 350)
    visibility = projection.scene.light.visibility_m
    hills_contrast = 0.06 * math.exp(-900 / visibility)
    image = _paint_ridge(image, projection, hills, far, hills_contrast)
    return _paint_ridge(
        image, projection, woods, near, 0.22 * math.exp(-350 / visibility)
    )


def _ridges(projection: Projection) -> tuple[Float32Array, Float32Array]:
    """Return the hills and the woods before them, see :func:`_ridge`."""
    place = projection.scene.surroundings
    hills = _ridge(projection, place.hill_rad, noise_tile("hills", 1.9), 0.35)
    return hills, _ridge(projection, place.forest_rad, noise_tile("woods", 1.1), 1.1)


def is_ridge(projection: Projection, x: float, y: float) -> bool:
    """Return whether hills or woods stand at a pixel, or at the nearest one inside."""
    height, width = projection.shape
    row, column = (
        int(np.clip(place, 0, size - 1)) for place, size in ((y, height), (x, width))
    )
    rise = projection.horizon_y - float(projection.upright_ys[row, column])
    return any(rise < float(ridge[column]) for ridge in _ridges(projection))


def _ridge(
    projection: Projection, height_rad: float, tile: Float32Array, stretch: float
) -> Float32Array:
    """Return the height of a ridge over the horizon in pixels, for each column."""
    columns = _ridge_columns(projection) * stretch
    cells = columns.astype(np.int64)
    part = (columns - cells).astype(np.float32)
    number, *_ = projection.world_numbers("skyline")
    line = tile[number % TILE_SIZE]
    profile = line[cells % TILE_SIZE] * (1 - part)
    profile += line[(cells + 1) % TILE_SIZE] * part
    return np.clip(1 + 0.45 * profile, 0, None) * np.float32(
        height_rad * projection.focal
    )


def _ridge_columns(projection: Projection) -> Float32Array:
    """Return where each column looks, in tile columns; it turns with the road."""
    camera, width = projection.scene.camera, projection.shape[1]
    turned = projection.scene.road.course.slope(camera.station_m) + camera.yaw_rad
    azimuth = (np.arange(width) - projection.center[0]) / projection.focal + turned
    columns: Float32Array = (azimuth * 220 + 40 * TILE_SIZE).astype(np.float32)
    return columns


def _paint_ridge(
    image: ByteArray,
    projection: Projection,
    ridge: Float32Array,
    color: tuple[float, float, float],
    contrast: float,
) -> ByteArray:
    if ridge.max() < 0.5:
        return image
    # Ground comes later and hides what of the ridge lies below its edge.
    bottom = max(projection.horizon_y, projection.crest_y)
    ys = projection.upright_ys
    rows = np.flatnonzero(
        (ys.max(axis=1) > projection.horizon_y - ridge.max() - 1)
        & (ys.min(axis=1) < bottom + 2)
    )
    if len(rows) == 0:
        return image
    band = slice(rows[0], rows[-1] + 1)
    depths = ys[band] - np.float32(projection.horizon_y)
    # Turned by a right angle the clouds' tile serves as foliage.
    columns = _ridge_columns(projection) * np.float32(1.7) % TILE_SIZE
    paint_ridge(
        image[band],
        (depths, ridge, columns),
        noise_tile("foliage", 0.7),
        np.float32(contrast),
        np.array(color, dtype=np.float32),
    )
    return image

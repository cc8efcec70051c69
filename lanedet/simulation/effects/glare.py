"""A low sun: its halo, the veil over the picture, ghosts in the lens, shine."""

from collections.abc import Sequence

import cv2
import numpy as np

from lanedet.arrays import ByteArray, Float32Array, FloatArray
from lanedet.simulation.effects.backdrop import city_outlines
from lanedet.simulation.effects.houses import face_pixels, houses_ahead
from lanedet.simulation.effects.screens import screens
from lanedet.simulation.effects.sky import is_ridge
from lanedet.simulation.effects.vehicles import visible_faces
from lanedet.simulation.painting.canvas import fill_polygon
from lanedet.simulation.painting.noise import noise_tile, sample_tile
from lanedet.simulation.projection.projection import Projection, once_per_projection
from lanedet.simulation.world.color import Color

_REDUCTION = 4
_SUN: Color = (255, 243, 216)
_GHOSTS: tuple[tuple[float, float, Color], ...] = (
    # Place on the line from the sun through the centre, size, color.
    (0.55, 0.020, (90, 120, 70)),
    (1.30, 0.035, (70, 90, 130)),
    (1.55, 0.015, (150, 90, 60)),
    (1.90, 0.060, (60, 100, 80)),
    (2.40, 0.090, (90, 60, 90)),
)


def shine_sun(image: ByteArray, projection: Projection) -> ByteArray:
    """Dazzle the camera with a sun that stands low ahead."""
    glare, (height, width) = projection.scene.glare, projection.shape
    if glare.strength == 0:
        return image
    rows, columns = -(-height // _REDUCTION), -(-width // _REDUCTION)
    sun_x, sun_y = sun_pixel(projection) / height
    xs = np.arange(columns, dtype=np.float32)[None, :] * _REDUCTION / height - sun_x
    ys = np.arange(rows, dtype=np.float32)[:, None] * _REDUCTION / height - sun_y
    away = np.hypot(xs, ys)
    angles = np.arctan2(ys, xs)
    rays = 1 + 0.25 * np.cos(6 * angles + 1) * np.cos(11 * angles)
    light = 105 * np.exp(-away / 0.5) + 18
    if not is_sun_hidden(projection):
        light += 600 * np.exp(-((away / 0.045) ** 2))
        light += 260 * np.exp(-away * rays / 0.11)
    light += _sheen(projection, xs, rows)
    light *= np.float32(glare.strength)
    layer = cv2.merge([(light * (c / 255)).clip(0, 255) for c in _SUN]).astype(np.uint8)
    layer = cv2.resize(layer, (width, height))
    # What faces the camera is turned away from the sun.
    dim = cv2.convertScaleAbs(image, alpha=1 - 0.4 * glare.strength)
    return np.asarray(cv2.add(dim, layer), dtype=np.uint8)


def sun_pixel(projection: Projection) -> np.ndarray:
    """Return where the sun stands in the picture, (x, y) in pixels."""
    glare, (height, width) = projection.scene.glare, projection.shape
    y = projection.center[1] + projection.horizon_y - glare.rise * height
    return np.array([glare.sun_x * width, y])


@once_per_projection
def is_sun_hidden(projection: Projection) -> bool:
    """Return whether something stands before the sun: a house, a hill, a tree, ..."""
    x, y = sun_pixel(projection).tolist()
    outlines = [face_pixels(projection, house) for house in houses_ahead(projection)]
    outlines += [face.outline for face in visible_faces(projection)]
    if is_ridge(projection, x, y) or _is_within(
        x, y, outlines + city_outlines(projection)
    ):
        return True
    # There are many: last, and only if nothing larger hides it.
    return _is_within(x, y, [outline for _, outline in screens(projection)])


def _is_within(x: float, y: float, outlines: Sequence[FloatArray]) -> bool:
    """Return whether a pixel is in one of some polygons."""
    return any(
        cv2.pointPolygonTest(outline.astype(np.float32), (x, y), measureDist=False) >= 0
        for outline in outlines
    )


def _sheen(projection: Projection, xs: Float32Array, rows: int) -> Float32Array:
    """Return the sun's reflection on the road, a broad streak towards the camera."""
    glare, height = projection.scene.glare, projection.shape[0]
    below = np.arange(rows, dtype=np.float32)[:, None] * _REDUCTION
    below = (
        below - projection.center[1] - max(projection.crest_y, projection.horizon_y)
    ) / height
    width = 0.10 + 0.28 * np.clip(below, 0, None)
    streak = np.exp(-((xs / width) ** 2)) * (below > 0)
    grain = sample_tile(
        noise_tile("sheen", 1.1),
        np.broadcast_to(xs * 160 + 512, streak.shape).astype(np.float32),
        np.broadcast_to(below * 90 + 512, streak.shape).astype(np.float32),
    )
    fade = np.exp(-np.clip(below, 0, None) / 0.35)
    sheen: Float32Array = 170 * glare.sheen * streak * fade * (1 + 0.15 * grain)
    return sheen.astype(np.float32)


def flare_lens(image: ByteArray, projection: Projection) -> ByteArray:
    """Add the ghosts that the lens's surfaces make of the sun."""
    glare, (height, width) = projection.scene.glare, projection.shape
    if glare.flare == 0 or is_sun_hidden(projection):
        return image
    layer = np.zeros((height // 2, width // 2, 3), dtype=np.uint8)
    sun = sun_pixel(projection)
    angles = np.linspace(0, 2 * np.pi, 7)[:-1]
    blades = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for place, size, color in _GHOSTS:
        middle = sun + place * (projection.center - sun)
        ghost = np.zeros_like(layer)
        fill_polygon(ghost, (middle + blades * size * height) / 2, color)
        layer = cv2.add(layer, ghost)
    soft = cv2.resize(cv2.GaussianBlur(layer, (0, 0), height / 220), (width, height))
    return np.asarray(cv2.addWeighted(image, 1, soft, glare.flare, 0), dtype=np.uint8)

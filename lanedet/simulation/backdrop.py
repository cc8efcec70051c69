"""What may stand on the skyline and in the sky: a city, clouds with edges."""

from collections.abc import Sequence

import cv2
import numpy as np

from lanedet.simulation.canvas import fill_polygons, mix, shade
from lanedet.simulation.scene import Color
from lanedet.simulation.textures import noise_tile, sample_tile, tile_offsets
from lanedet.simulation.view import SceneView
from lanedet.structures import ByteArray

Block = tuple[tuple[float, float], tuple[float, float], Color]
"""A rectangle and its colour: its sides, and its lower and upper edge, in tangents of
the angles from straight ahead at the horizon."""

_REDUCTION = 2
_MOST_BUILDINGS = 60
_HALF_CIRCLE_RAD = 1.1
_STONES: tuple[Color, ...] = (
    (150, 140, 126), (104, 110, 120), (70, 92, 112), (168, 164, 158), (120, 92, 78),
)  # fmt: skip


def paint_clouds(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Paint clouds with bright edges and grey bottoms."""
    del rng
    cover, (height, width) = view.scene.backdrop.clouds, view.shape
    if cover == 0:
        return image
    bottom = int(np.clip(view.center[1] + view.crest_y, 8, height))
    rows, columns = -(-bottom // _REDUCTION), -(-width // _REDUCTION)
    ys = (np.arange(rows) * _REDUCTION - view.center[1])[:, None]
    xs = (np.arange(columns) * _REDUCTION - view.center[0])[None, :] / view.focal
    rise = np.clip((view.horizon_y - ys) / view.focal, 0.01, None)
    depth = 1 / (rise + 0.25)
    right, down = tile_offsets(view.scene.seed, "clouds")
    away = np.broadcast_to(depth * 46 + down, (rows, columns))
    places = (xs * 30 * depth + right, away)
    tile_xs, tile_ys = (np.ascontiguousarray(p, dtype=np.float32) for p in places)
    density = sample_tile(noise_tile(1.4, seed=11), tile_xs, tile_ys)
    above = sample_tile(noise_tile(1.4, seed=11), tile_xs, tile_ys + np.float32(7))
    alpha = np.clip((density + 3.4 * cover - 1.9) * 2.2, 0, 1)
    alpha *= np.clip(rise / 0.06, 0, 1)
    grey = np.clip(240 - 20 * np.clip(above, -0.5, 2.2), 120, 255)
    light = view.scene.light
    tint = np.array(light.horizon_color) / max(light.horizon_color)
    clouds = grey[..., None] * tint * (light.horizon_color[1] / 215)
    size = (width, rows * _REDUCTION)
    share = np.asarray(cv2.resize(alpha.astype(np.float32), size))[:bottom, :, None]
    painted = np.asarray(cv2.resize(clouds.astype(np.float32), size))[:bottom]
    sky = image[:bottom].astype(np.float32)
    image[:bottom] = np.clip(sky + (painted - sky) * share, 0, 255).astype(np.uint8)
    return image


def paint_city(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Paint the buildings of a far city, with their floors, on the horizon."""
    del rng
    backdrop, camera = view.scene.backdrop, view.scene.camera
    if backdrop.city == 0:
        return image
    world = np.random.default_rng((*view.scene.seed, 73))
    turned = view.scene.road.course.slope(camera.station_m) + camera.yaw_rad
    centre = world.normal(0, 0.35)
    blocks: list[Block] = []
    for _ in range(max(1, round(backdrop.city * _MOST_BUILDINGS))):
        azimuth = centre + world.normal(0, 0.1 + 0.5 * backdrop.city)
        half, share = world.uniform(0.008, 0.035), world.uniform(0.15, 1.0) ** 1.5
        stone = _STONES[world.integers(len(_STONES))]
        color = shade(view.through_haze(stone, 600), world.uniform(0.7, 1.1))
        x, rise = azimuth - turned, share * backdrop.city_rad
        if abs(x) > _HALF_CIRCLE_RAD:
            continue
        blocks.append(((x - half, x + half), (0.0, rise), color))
        blocks += _floors(view, (x - half, x + half), rise, color)
    _fill_blocks(image, view, blocks)
    return image


def _floors(
    view: SceneView, sides: tuple[float, float], rise: float, color: Color
) -> list[Block]:
    """Return rows of windows, as far as the picture can show them."""
    step = max(0.006, 4.0 / view.focal)
    inset = 0.1 * (sides[1] - sides[0])
    glass = mix(color, (60, 75, 92), 0.45)
    floors = np.arange(step / 2, rise - step / 2, step).tolist()
    windows = (sides[0] + inset, sides[1] - inset)
    return [(windows, (floor, floor + step / 2), glass) for floor in floors]


def _fill_blocks(image: ByteArray, view: SceneView, blocks: Sequence[Block]) -> None:
    """Fill rectangles, in place; one projection for all costs what one takes."""
    if not blocks:
        return
    corners = [
        corner
        for (left, right), (low, high), _ in blocks
        for corner in ((left, low), (right, low), (right, high), (left, high))
    ]
    points = view.project_far(np.array(corners))
    ends = np.arange(1, len(blocks) + 1) * 4
    fill_polygons(image, points, ends, [color for _, _, color in blocks])

"""A far city on the skyline, and clouds with edges in the sky."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from lanedet.arrays import ByteArray, FloatArray
from lanedet.simulation.effects.houses import LIT_SHARE, light_colors
from lanedet.simulation.painting.canvas import fill_polygon, fill_polygons
from lanedet.simulation.painting.noise import noise_tile, sample_tile, tile_offsets
from lanedet.simulation.projection.air import through_haze
from lanedet.simulation.projection.projection import Projection, once_per_projection
from lanedet.simulation.world.color import Color, mix, shade

Block = tuple[tuple[float, float], tuple[float, float], Color]
"""A rectangle and its color: its sides, and its lower and upper edge, in tangents of
the angles from straight ahead at the horizon."""

_REDUCTION = 2
_CITY_M = 600.0
_MOST_BUILDINGS = 60
_HALF_CIRCLE_RAD = 1.1
_STONES: tuple[Color, ...] = (
    (150, 140, 126), (104, 110, 120), (70, 92, 112), (168, 164, 158), (120, 92, 78),
)  # fmt: skip


def paint_clouds(image: ByteArray, projection: Projection) -> ByteArray:
    """Paint clouds with bright edges and grey bottoms."""
    cover, (height, width) = projection.scene.backdrop.clouds, projection.shape
    if cover == 0:
        return image
    bottom = int(np.clip(projection.center[1] + projection.crest_y, 8, height))
    rows, columns = -(-bottom // _REDUCTION), -(-width // _REDUCTION)
    ys = (np.arange(rows) * _REDUCTION - projection.center[1])[:, None]
    xs = (np.arange(columns) * _REDUCTION - projection.center[0])[
        None, :
    ] / projection.focal
    rise = np.clip((projection.horizon_y - ys) / projection.focal, 0.01, None)
    depth = 1 / (rise + 0.25)
    right, down = tile_offsets(projection, "clouds")
    away = np.broadcast_to(depth * 46 + down, (rows, columns))
    places = (xs * 30 * depth + right, away)
    tile_xs, tile_ys = (np.ascontiguousarray(p, dtype=np.float32) for p in places)
    density = sample_tile(noise_tile("clouds", 1.4), tile_xs, tile_ys)
    above = sample_tile(noise_tile("clouds", 1.4), tile_xs, tile_ys + np.float32(7))
    alpha = np.clip((density + 3.4 * cover - 1.9) * 2.2, 0, 1)
    alpha *= np.clip(rise / 0.06, 0, 1)
    grey = np.clip(240 - 20 * np.clip(above, -0.5, 2.2), 120, 255)
    light = projection.scene.light
    tint = np.array(light.horizon_color) / max(light.horizon_color)
    clouds = grey[..., None] * tint * (light.horizon_color[1] / 215)
    size = (width, rows * _REDUCTION)
    share = np.asarray(cv2.resize(alpha.astype(np.float32), size))[:bottom, :, None]
    painted = np.asarray(cv2.resize(clouds.astype(np.float32), size))[:bottom]
    sky = image[:bottom].astype(np.float32)
    image[:bottom] = np.clip(sky + (painted - sky) * share, 0, 255).astype(np.uint8)
    return image


def paint_city(image: ByteArray, projection: Projection) -> ByteArray:
    """Paint the buildings of a far city, with their floors, on the horizon."""
    blocks: list[Block] = []
    for sides, (low, rise), color in city_towers(projection):
        blocks.append((sides, (low, rise), color))
        blocks += _floors(projection, sides, rise, color)
    _fill_blocks(image, projection, blocks)
    return image


@once_per_projection
def city_towers(projection: Projection) -> list[Block]:
    """Return the buildings of the far city, in the order of painting."""
    backdrop, camera = projection.scene.backdrop, projection.scene.camera
    if backdrop.city == 0:
        return []
    world = projection.world_rng("city")
    turned = projection.scene.road.course.slope(camera.station_m) + camera.yaw_rad
    centre = world.normal(0, 0.35)
    blocks: list[Block] = []
    for _ in range(max(1, round(backdrop.city * _MOST_BUILDINGS))):
        azimuth = centre + world.normal(0, 0.1 + 0.5 * backdrop.city)
        half, share = world.uniform(0.008, 0.035), world.uniform(0.15, 1.0) ** 1.5
        stone = _STONES[world.integers(len(_STONES))]
        color = shade(through_haze(projection, stone, _CITY_M), world.uniform(0.7, 1.1))
        x, rise = azimuth - turned, share * backdrop.city_rad
        if abs(x) > _HALF_CIRCLE_RAD:
            continue
        blocks.append(((x - half, x + half), (0.0, rise), color))
    return blocks


def city_outlines(projection: Projection) -> list[FloatArray]:
    """Return the outlines of the far city's buildings in pixels, (4, 2) each."""
    return list(_project_blocks(projection, city_towers(projection)))


def light_city(glow: ByteArray, projection: Projection) -> None:
    """Light windows of the far city, in place, each a dot."""
    light_towers(glow, projection, city_towers(projection))


def light_towers(
    glow: ByteArray, projection: Projection, towers: Sequence[Block]
) -> None:
    """Light windows of buildings, in place, where none that comes later hides them."""
    if not towers:
        return
    step = _floor_step(projection)
    rng = projection.world_rng("city_windows")
    clear = math.exp(-_CITY_M / projection.scene.light.visibility_m)
    height, width = projection.shape
    size = max(1, round(0.4 * step * projection.focal))
    directions: list[np.ndarray] = []
    lamps: list[np.ndarray] = []
    for (left, right), (_, rise), _ in towers:
        floors = np.arange(step / 2, rise - step / 2, step) + step / 4
        panes = np.arange(left + step / 2, right - step / 2, step * 0.8)
        draws = rng.uniform(size=(len(floors), len(panes), 3))
        rows, columns = np.nonzero(draws[..., 0] < LIT_SHARE)
        directions.append(np.stack([panes[columns], floors[rows]], axis=1))
        lamps.append(draws[rows, columns, 1:])
    dots = np.rint(projection.project_far(np.concatenate(directions))).astype(int)
    levels = light_colors(np.concatenate(lamps), clear).astype(np.uint8)
    # One pixel after the other, of all dots.
    shifts = np.mgrid[:size, :size].reshape(2, -1).T[:, ::-1]
    canvas = np.zeros_like(glow)
    last = 0
    outlines = _project_blocks(projection, towers)
    for outline, own in zip(outlines, lamps, strict=True):
        fill_polygon(canvas, outline, (0, 0, 0))
        first, last = last, last + len(own)
        xs, ys = (dots[first:last] + shifts[:, None]).reshape(-1, 2).T
        is_inside = (xs >= 0) & (xs < width) & (ys >= 0) & (ys < height)
        shown = np.tile(levels[first:last], (len(shifts), 1))
        canvas[ys[is_inside], xs[is_inside]] = shown[is_inside]
    cv2.max(glow, canvas, dst=glow)


def _floors(
    projection: Projection, sides: tuple[float, float], rise: float, color: Color
) -> list[Block]:
    """Return rows of windows, as far as the picture can show them."""
    step = _floor_step(projection)
    inset = 0.1 * (sides[1] - sides[0])
    glass = mix(color, (60, 75, 92), 0.45)
    floors = np.arange(step / 2, rise - step / 2, step).tolist()
    windows = (sides[0] + inset, sides[1] - inset)
    return [(windows, (floor, floor + step / 2), glass) for floor in floors]


def _floor_step(projection: Projection) -> float:
    """Return from floor to floor in the far city, in tangents."""
    return max(0.006, 4.0 / projection.focal)


def _fill_blocks(
    image: ByteArray, projection: Projection, blocks: Sequence[Block]
) -> None:
    """Fill rectangles, in place; one projection for all costs what one takes."""
    points = _project_blocks(projection, blocks).reshape(-1, 2)
    ends = np.arange(1, len(blocks) + 1) * 4
    fill_polygons(image, points, ends, [color for _, _, color in blocks])


def _project_blocks(projection: Projection, blocks: Sequence[Block]) -> FloatArray:
    """Return the corners of rectangles in pixels, (N, 4, 2)."""
    corners = [
        corner
        for (left, right), (low, high), _ in blocks
        for corner in ((left, low), (right, low), (right, high), (left, high))
    ]
    points = projection.project_far(np.array(corners, dtype=float).reshape(-1, 2))
    return points.reshape(-1, 4, 2)

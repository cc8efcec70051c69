"""The glass in front of the camera: dashboard, reflections, dirt, drops, wiper."""

from functools import lru_cache

import cv2
import numpy as np

from lanedet.arrays import ByteArray, Float32Array
from lanedet.simulation.painting.canvas import blend, fill_polygon
from lanedet.simulation.painting.kernels import TILE_SIZE
from lanedet.simulation.painting.noise import noise_tile
from lanedet.simulation.projection.foreground import dashboard_rows
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.randomness import seeded
from lanedet.simulation.world.color import light_up, shade

_MOST_DROPS = 170
_PATCH_COLOR = (225, 226, 222)
_DIRT_COLOR = (150, 142, 128)


def paint_dashboard(image: ByteArray, projection: Projection) -> ByteArray:
    """Paint one's own dashboard or bonnet along the bottom."""
    windscreen, (height, width) = projection.scene.windscreen, projection.shape
    if windscreen.dashboard == 0:
        return image
    color = light_up(windscreen.dashboard_color, projection.scene.car_light)
    xs = np.linspace(-1, width, 64)
    top = dashboard_rows(projection, xs)
    rows = ((0.0, 1.5), (0.012, 1.0), (0.25, 0.8), (0.6, 0.6))
    for drop, gain in rows:
        ys = top + drop * windscreen.dashboard * height
        corners = [[width, height + 1], [-1, height + 1]]
        outline = np.concatenate([np.stack([xs, ys], axis=1), corners])
        fill_polygon(image, outline, shade(color, gain))
    return image


def reflect_dashboard(image: ByteArray, projection: Projection) -> ByteArray:
    """Add what the glass mirrors: papers on the dashboard, vents, bright streaks."""
    reflection, (height, width) = (
        projection.scene.windscreen.reflection,
        projection.shape,
    )
    if reflection == 0:
        return image
    world = projection.world_rng("dashboard")
    rows, columns = -(-height // 4), -(-width // 4)
    layer = np.zeros((rows, columns), dtype=np.uint8)
    for _ in range(world.integers(1, 4)):
        middle = world.uniform((0, 0.45), (1, 1)) * (columns, rows)
        size = world.uniform((0.06, 0.05), (0.3, 0.25)) * (columns, rows)
        corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
        corners += world.normal(0, 0.12, size=(4, 2))
        fill_polygon(layer, middle + corners * size, (world.uniform(60, 150),))
    if world.uniform() < 0.4:
        # The slots of a vent.
        left, top = world.uniform((0, 0.5), (0.8, 0.8)) * (columns, rows)
        for slot in range(5):
            y = top + slot * max(2.0, rows * 0.025)
            first = round(left), round(y)
            last = round(left + 0.16 * columns), round(y) + 1
            cv2.line(layer, first, last, 90, 1)
    layer = cv2.GaussianBlur(layer, (0, 0), max(0.8, height / 360))
    wash = 26 * np.linspace(0.2, 1, rows)[:, None]
    # The glass adds light, as much of it as falls on what it mirrors.
    light = float(np.mean(projection.scene.car_light))
    share = (layer + wash) * (0.5 * reflection * light / 255)
    share = cv2.resize(share.astype(np.float32), (width, height))
    return blend(image, _PATCH_COLOR, np.asarray(share))


def soil_glass(image: ByteArray, projection: Projection) -> ByteArray:
    """Lay dust, specks and the wiper's smears over the picture."""
    dirt, (height, width) = projection.scene.windscreen.dirt, projection.shape
    if dirt == 0:
        return image
    rows, columns = -(-height // 2), -(-width // 2)
    top, left, *_ = projection.world_numbers("dirt")
    picks = _tile_cells(rows, top), _tile_cells(columns, left)
    cells = np.ix_(*picks)
    dust = noise_tile("dust", 1.6)[cells]
    specks = np.clip(noise_tile("specks", 0.45)[cells] - 3.1 + 0.9 * dirt, 0, 1)
    share = 0.10 * np.clip(dust + 0.6, 0, 2) + specks
    share += 0.10 * np.clip(_smears(projection, rows, columns), 0, 2)
    share = cv2.blur((dirt * share).astype(np.float32), (3, 3))
    share = np.clip(cv2.resize(share, (width, height)), 0, 0.8)
    return blend(image, light_up(_DIRT_COLOR, projection.scene.car_light), share)


def _tile_cells(count: int, start: int) -> np.ndarray:
    """Return the places of a tile that so many pixels read, from any start on."""
    return (np.arange(count) + start % TILE_SIZE) % TILE_SIZE


def _smears(projection: Projection, rows: int, columns: int) -> Float32Array:
    """Return arcs around the wiper's pivot, below the picture."""
    xs = np.arange(columns, dtype=np.float32)[None, :] - columns * 0.35
    ys = np.arange(rows, dtype=np.float32)[:, None] - rows * 1.35
    number, *_ = projection.world_numbers("smears")
    arcs = noise_tile("smears", 0.6)[number % TILE_SIZE]
    radius = np.hypot(xs, ys) * (360 / projection.shape[0])
    return np.asarray(arcs[radius.astype(np.int64) % TILE_SIZE])


def wet_glass(image: ByteArray, projection: Projection) -> ByteArray:
    """Put drops of rain on the glass; each shows the picture small, upside down."""
    amount, (height, width) = projection.scene.windscreen.drops, projection.shape
    if amount == 0:
        return image
    away, opacity = _drops_on_glass(projection.scene.seed, (height, width), amount)
    rows, columns = np.nonzero(opacity)
    # Out of focus: a drop is a blot that shows what lies behind it, turned round.
    soft = cv2.blur(image, (1 + 2 * (height // 140),) * 2)
    places = np.stack([columns, rows]) - 6 * away[:, rows, columns]
    limits = np.array([[width - 1], [height - 1]])
    seen_columns, seen_rows = np.clip(np.rint(places).astype(int), 0, limits)
    share = opacity[rows, columns, None]
    behind = image[rows, columns] * (1 - share)
    drops = soft[seen_rows, seen_columns] * share
    image[rows, columns] = np.rint(behind + drops).astype(np.uint8)
    return image


@lru_cache(maxsize=1)
def _drops_on_glass(
    seed: tuple[int, ...], shape: tuple[int, int], amount: float
) -> tuple[Float32Array, Float32Array]:
    """Return the drops of a world; they stay for the frames of a drive.

    Returns:
        Pixels from the drop's middle to the right and down (2, H, W), and the drop's
        opacity (H, W), 0 beside drops; both float32.
    """
    rows, columns = shape
    away = np.zeros((2, rows, columns), dtype=np.float32)
    opacity = np.zeros(shape, dtype=np.float32)
    rng = seeded(seed, "drops")
    for _ in range(max(1, round(amount * _MOST_DROPS))):
        radius = rows * 0.006 * np.exp(abs(rng.normal(0, 0.75)))
        x, y = rng.uniform(size=2) * (columns, rows)
        tall = rng.uniform(0.8, 1.7)
        box = (
            slice(max(0, int(y - 3 * radius)), min(rows, int(y + 3 * radius) + 2)),
            slice(max(0, int(x - 2 * radius)), min(columns, int(x + 2 * radius) + 2)),
        )
        ys = np.arange(box[0].start, box[0].stop, dtype=np.float32)[:, None] - y
        xs = np.arange(box[1].start, box[1].stop, dtype=np.float32)[None, :] - x
        inside = 1 - np.hypot(xs, ys / tall) / radius
        mask = np.clip(inside * radius / 1.6 + 0.5, 0, 0.9)
        covers = mask > opacity[box]
        opacity[box][covers] = mask[covers]
        for axis, steps in enumerate(np.broadcast_arrays(xs, ys)):
            away[axis][box][covers] = steps[covers]
    for array in (away, opacity):
        array.setflags(write=False)
    return away, opacity


def pass_wiper(image: ByteArray, projection: Projection) -> ByteArray:
    """Paint the wiper's blade on its way over the glass."""
    wiper, (height, width) = projection.scene.windscreen.wiper, projection.shape
    if wiper == 0:
        return image
    pivot = np.array([width * 0.35, height * 1.35])
    angle = np.pi * (1.02 - 0.9 * wiper)
    along = np.array([np.cos(angle), -np.sin(angle)])
    across = np.array([-along[1], along[0]])
    length, half = 1.25 * height, 0.011 * height
    ends = (pivot + along * 0.1 * length, pivot + along * length)
    outline = [ends[0] - 1.8 * half * across, ends[0] + 1.8 * half * across]
    outline += [ends[1] + 0.7 * half * across, ends[1] - 0.7 * half * across]
    mask = np.zeros(projection.shape, dtype=np.uint8)
    fill_polygon(mask, np.array(outline), (240,))
    size = 1 + 2 * (height // 120)
    share = cv2.blur(mask, (size, size)).astype(np.float32) / 255
    return blend(image, (17, 17, 19), np.asarray(share))


def tint_band(image: ByteArray, projection: Projection) -> ByteArray:
    """Darken the band along the glass's upper edge."""
    band, height = projection.scene.windscreen.band, projection.shape[0]
    if band == 0:
        return image
    rows = max(1, round(0.17 * height))
    fade = band * (1 - np.linspace(0, 1, rows)[:, None, None] ** 2)
    gains = 1 - fade * np.array([0.8, 0.6, 0.5])
    image[:rows] = (image[:rows] * gains).astype(np.uint8)
    return image

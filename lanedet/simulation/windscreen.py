"""The glass in front of the camera: dashboard, reflections, dirt, drops, wiper."""

from functools import lru_cache

import cv2
import numpy as np

from lanedet.simulation.canvas import blend, fill_polygon, shade
from lanedet.simulation.textures import TILE_SIZE, noise_tile
from lanedet.simulation.view import Float32Array, SceneView
from lanedet.structures import ByteArray

_SHEET_MARGIN = 96
_MOST_DROPS = 170
_PATCH_COLOR = (225, 226, 222)
_DIRT_COLOR = (150, 142, 128)


def paint_dashboard(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Paint one's own dashboard or bonnet along the bottom."""
    del rng
    windscreen, (height, width) = view.scene.windscreen, view.shape
    if windscreen.dashboard == 0:
        return image
    xs = np.linspace(-1, width, 64)
    top = view.dashboard_rows(xs)
    rows = ((0.0, 1.5), (0.012, 1.0), (0.25, 0.8), (0.6, 0.6))
    for drop, gain in rows:
        ys = top + drop * windscreen.dashboard * height
        corners = [[width, height + 1], [-1, height + 1]]
        outline = np.concatenate([np.stack([xs, ys], axis=1), corners])
        fill_polygon(image, outline, shade(windscreen.dashboard_color, gain))
    return image


def reflect_dashboard(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Add what the glass mirrors: papers on the dashboard, vents, bright streaks."""
    del rng
    reflection, (height, width) = view.scene.windscreen.reflection, view.shape
    if reflection == 0:
        return image
    world = np.random.default_rng((*view.scene.seed, 74))
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
    share = (layer + wash) * (0.5 * reflection / 255)
    share = cv2.resize(share.astype(np.float32), (width, height))
    light = max(0.2, min(1.0, view.scene.light.daylight))
    return blend(image, shade(_PATCH_COLOR, light), np.asarray(share))


def soil_glass(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Lay dust, specks and the wiper's smears over the picture."""
    del rng
    dirt, (height, width) = view.scene.windscreen.dirt, view.shape
    if dirt == 0:
        return image
    rows, columns = -(-height // 2), -(-width // 2)
    top, left = (view.scene.seed[-1] * step % TILE_SIZE for step in (89, 151))
    picks = (np.arange(rows) + top) % TILE_SIZE, (np.arange(columns) + left) % TILE_SIZE
    cells = np.ix_(*picks)
    dust = noise_tile(1.6, seed=12)[cells]
    specks = np.clip(noise_tile(0.45, seed=13)[cells] - 3.1 + 0.9 * dirt, 0, 1)
    share = 0.10 * np.clip(dust + 0.6, 0, 2) + specks
    share += 0.10 * np.clip(_smears(view, rows, columns), 0, 2)
    share = cv2.blur((dirt * share).astype(np.float32), (3, 3))
    share = np.clip(cv2.resize(share, (width, height)), 0, 0.8)
    light = max(0.15, min(1.0, view.scene.light.daylight))
    return blend(image, shade(_DIRT_COLOR, light), share)


def _smears(view: SceneView, rows: int, columns: int) -> Float32Array:
    """Return arcs around the wiper's pivot, below the picture."""
    xs = np.arange(columns, dtype=np.float32)[None, :] - columns * 0.35
    ys = np.arange(rows, dtype=np.float32)[:, None] - rows * 1.35
    arcs = noise_tile(0.6, seed=14)[view.scene.seed[-1] * 7 % TILE_SIZE]
    radius = np.hypot(xs, ys) * (360 / view.shape[0])
    return np.asarray(arcs[radius.astype(np.int64) % TILE_SIZE])


def wet_glass(image: ByteArray, view: SceneView, rng: np.random.Generator) -> ByteArray:
    """Put drops of rain on the glass; each shows the picture small, upside down."""
    del rng
    amount, (height, width) = view.scene.windscreen.drops, view.shape
    if amount == 0:
        return image
    sheet = _drop_sheet(height, width)
    seed = view.scene.seed[-1]
    top, left = seed * 13 % _SHEET_MARGIN, seed * 29 % _SHEET_MARGIN
    cut = sheet[top : top + height, left : left + width]
    away_x, away_y, mask, rank = cv2.split(cut)
    xs, ys = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    # Out of focus: a drop is a blot, brighter above than what lies behind it.
    soft = cv2.blur(image, (1 + 2 * (height // 140),) * 2)
    seen = cv2.remap(
        soft,
        xs - 6 * away_x,
        ys - 6 * away_y,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    share = mask * (rank < amount)
    kept = cv2.multiply(image, cv2.merge([1 - share] * 3), dtype=cv2.CV_8U)
    drops = cv2.multiply(seen, cv2.merge([share] * 3), dtype=cv2.CV_8U)
    return np.asarray(cv2.add(kept, drops), dtype=np.uint8)


@lru_cache(maxsize=2)
def _drop_sheet(height: int, width: int) -> Float32Array:
    """Return drops on a sheet larger than the picture.

    Returns:
        (H', W', 4) float32: pixels from the drop's middle to the right and down, its
        opacity, and the amount of rain from which it is there.
    """
    rows, columns = height + _SHEET_MARGIN, width + _SHEET_MARGIN
    sheet = np.zeros((rows, columns, 4), dtype=np.float32)
    sheet[..., 3] = 1
    rng = np.random.default_rng((31, height, width))
    for number in range(_MOST_DROPS):
        radius = height * 0.006 * np.exp(abs(rng.normal(0, 0.75)))
        x, y = rng.uniform(size=2) * (columns, rows)
        tall = rng.uniform(0.8, 1.7)
        y0, y1 = max(0, int(y - 3 * radius)), min(rows, int(y + 3 * radius) + 2)
        x0, x1 = max(0, int(x - 2 * radius)), min(columns, int(x + 2 * radius) + 2)
        ys = np.arange(y0, y1, dtype=np.float32)[:, None] - y
        xs = np.arange(x0, x1, dtype=np.float32)[None, :] - x
        inside = 1 - np.hypot(xs, ys / tall) / radius
        mask = np.clip(inside * radius / 1.6 + 0.5, 0, 0.9)
        window = sheet[y0:y1, x0:x1]
        covers = mask > window[..., 2]
        drop = np.broadcast_arrays(xs, ys, mask, np.float32(number / _MOST_DROPS))
        window[covers] = np.stack(drop, axis=-1)[covers]
    sheet.setflags(write=False)
    return sheet


def pass_wiper(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Paint the wiper's blade on its way over the glass."""
    del rng
    wiper, (height, width) = view.scene.windscreen.wiper, view.shape
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
    mask = np.zeros(view.shape, dtype=np.uint8)
    fill_polygon(mask, np.array(outline), (240,))
    size = 1 + 2 * (height // 120)
    share = cv2.blur(mask, (size, size)).astype(np.float32) / 255
    return blend(image, (17, 17, 19), np.asarray(share))


def tint_band(image: ByteArray, view: SceneView, rng: np.random.Generator) -> ByteArray:
    """Darken the band along the glass's upper edge."""
    del rng
    band, height = view.scene.windscreen.band, view.shape[0]
    if band == 0:
        return image
    rows = max(1, round(0.17 * height))
    fade = band * (1 - np.linspace(0, 1, rows)[:, None, None] ** 2)
    gains = 1 - fade * np.array([0.8, 0.6, 0.5])
    image[:rows] = (image[:rows] * gains).astype(np.uint8)
    return image

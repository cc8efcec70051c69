"""Flat figures on the road, painted polygon by polygon."""

from collections.abc import Sequence

import numpy as np

from lanedet.simulation.canvas import fill_polygons
from lanedet.simulation.kernels import lay_paint
from lanedet.simulation.road import Decal
from lanedet.simulation.textures import noise_tile, sample_points
from lanedet.simulation.view import NEAREST_M, SceneView
from lanedet.structures import ByteArray, FloatArray

FARTHEST_DECAL_M = 150.0
_FLAKE_M = (0.03, 0.10)


def paint_stains(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Paint what lies under the markings: patches, cracks, tyre marks."""
    del rng
    return _paint_decals(image, view, view.scene.road.stains)


def paint_figures(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Paint arrows, letters, zebra crossings and other figures."""
    del rng
    return _paint_decals(image, view, view.scene.road.figures)


def fill_on_ground(
    mask: ByteArray,
    view: SceneView,
    outlines: Sequence[Sequence[tuple[float, float]]],
    value: float,
) -> tuple[slice, slice] | None:
    """Fill polygons of (station, lateral) into a mask, in place.

    What is thinner than a pixel is filled with as much less of the value.

    Args:
        mask: (H, W), uint8.
        view: The scene.
        outlines: Polygons in metres.
        value: In [0, 255].

    Returns:
        Rows and columns of the box around all polygons, or None if none can be seen.
    """
    if not outlines:
        return None
    here = view.scene.camera.station_m
    corners = np.array([corner for outline in outlines for corner in outline])
    aheads = corners[:, 0] - here
    pixels = view.project_visible(aheads, corners[:, 1])
    sizes = np.array([len(outline) for outline in outlines])
    ends = np.cumsum(sizes)
    starts = ends - sizes
    shares = np.minimum(_thickness_px(pixels, starts, ends), 1.0)
    is_shown = (
        (np.maximum.reduceat(aheads, starts) > NEAREST_M)
        & (np.minimum.reduceat(aheads, starts) <= FARTHEST_DECAL_M)
        & (value * shares >= 1)
    )
    shown = pixels[np.repeat(is_shown, sizes)]
    levels = [(level,) for level in (value * shares[is_shown]).tolist()]
    fill_polygons(mask, shown, np.cumsum(sizes[is_shown]), levels)
    return _box(shown, view.shape)


def _thickness_px(
    points: FloatArray, starts: np.ndarray, ends: np.ndarray
) -> FloatArray:
    """Return the mean thickness of polygons: their area over half their perimeter."""
    following = np.arange(1, len(points) + 1)
    following[ends - 1] = starts
    xs, ys = points.T
    crosses = xs * ys[following] - ys * xs[following]
    areas = np.abs(np.add.reduceat(crosses, starts)) / 2
    lengths = np.hypot(*(points - points[following]).T)
    perimeters = np.add.reduceat(lengths, starts)
    return np.asarray(2 * areas / np.maximum(perimeters, 1e-6))


def _box(points: FloatArray, shape: tuple[int, int]) -> tuple[slice, slice] | None:
    if len(points) == 0:
        return None
    low = np.maximum(np.floor(points.min(axis=0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(points.max(axis=0)).astype(int) + 2, shape[::-1])
    if (low >= high).any():
        return None
    return slice(low[1], high[1]), slice(low[0], high[0])


def _paint_decals(
    image: ByteArray, view: SceneView, decals: Sequence[Decal]
) -> ByteArray:
    if not decals:
        return image
    mask = np.zeros(view.shape, dtype=np.uint8)
    for decal in decals:
        box = fill_on_ground(mask, view, decal.outlines, 255.0)
        if box is None:
            continue
        rows = slice(max(box[0].start, view.ground.top_row), box[0].stop)
        _blend(image, view, decal, mask, (rows, box[1]))
        mask[box] = 0
    return image


def _blend(
    image: ByteArray,
    view: SceneView,
    decal: Decal,
    mask: ByteArray,
    box: tuple[slice, slice],
) -> None:
    """Lay a decal's colour over the picture where the mask says, in place."""
    rows, columns = np.nonzero(mask[box])
    if len(rows) == 0:
        return
    rows += box[0].start
    columns += box[1].start
    ground, light = view.ground, view.scene.light
    below = rows - ground.top_row
    ahead = ground.ahead[below, columns]
    cover = mask[rows, columns] * np.float32(decal.opacity / 255)
    cover *= ground.cover[below, columns]
    if decal.wear > 0:
        flakes = sample_points(
            noise_tile(0.6, seed=5),
            ground.lateral[below, columns] / _FLAKE_M[0],
            (ahead + view.scene.camera.station_m) / _FLAKE_M[1],
        )
        cover *= np.clip((flakes - 3 * (decal.wear - 0.5)) * 0.8 + 0.5, 0.15, 1)
    paint = np.array(decal.color, dtype=np.float32)
    sky = np.array(light.horizon_color, dtype=np.float32)
    pixels, places = image.reshape(-1, 3), rows * image.shape[1] + columns
    lay_paint(pixels, places, (cover, view.haze(ahead)), (paint, sky))

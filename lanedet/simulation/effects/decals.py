"""Flat figures on the road, painted polygon by polygon, and shadows that lie on it."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import ByteArray, FloatArray
from lanedet.simulation.painting.canvas import fill_polygons
from lanedet.simulation.painting.kernels import lay_paint
from lanedet.simulation.painting.noise import noise_tile, sample_points
from lanedet.simulation.painting.places import find_covered
from lanedet.simulation.projection.air import haze_share
from lanedet.simulation.projection.projection import NEAREST_M, Projection
from lanedet.simulation.world.road import Decal

Box = tuple[tuple[int, int], tuple[int, int]]
"""A box: its first row and the row after its last, then the same of its columns."""

FARTHEST_DECAL_M = 150.0
_FLAKE_M = (0.03, 0.10)


def paint_stains(image: ByteArray, projection: Projection) -> ByteArray:
    """Paint what lies under the markings: patches, cracks, tyre marks."""
    return _paint_decals(image, projection, projection.scene.road.stains)


def paint_figures(image: ByteArray, projection: Projection) -> ByteArray:
    """Paint arrows, letters, zebra crossings and other figures."""
    return _paint_decals(image, projection, projection.scene.road.figures)


@dataclass(frozen=True)
class Flats:
    """Polygons that lie on the road, as the picture shows them.

    Attributes:
        points: Corners of all K polygons in pixels, (N, 2).
        ends: Where the corners of each end, (K,).
        is_near: Whether it lies ahead, and near enough to be painted, (K,).
        shares: How much of their pixels the thinnest cover, at most 1, (K,).
    """

    points: FloatArray
    ends: np.ndarray
    is_near: NDArray[np.bool_]
    shares: FloatArray

    def part(self, first: int, last: int) -> "Flats":
        """Return some of the polygons."""
        start = self.ends[first - 1] if first else 0
        end = self.ends[last - 1] if last else 0
        some = slice(first, last)
        return Flats(
            points=self.points[start:end],
            ends=self.ends[some] - start,
            is_near=self.is_near[some],
            shares=self.shares[some],
        )

    def fill(self, mask: ByteArray, value: float) -> Box | None:
        """Fill the polygons into a mask, in place.

        What is thinner than a pixel is filled with as much less of the value.

        Args:
            mask: (H, W), uint8.
            value: The value, in [0, 255].

        Returns:
            The box around all polygons, or None if none can be seen.
        """
        levels = value * self.shares
        is_shown = self.is_near & (levels >= 1)
        if not is_shown.any():
            return None
        sizes = np.diff(self.ends, prepend=0)
        shown = self.points[np.repeat(is_shown, sizes)]
        colors = [(level,) for level in levels[is_shown].tolist()]
        fill_polygons(mask, shown, np.cumsum(sizes[is_shown]), colors)
        return _box(shown, mask.shape)


def lay_flat(
    projection: Projection, outlines: Sequence[Sequence[tuple[float, float]]]
) -> Flats:
    """Return where polygons of (station, lateral) corners, in metres, are seen."""
    here = projection.scene.camera.station_m
    corners = np.array([corner for outline in outlines for corner in outline])
    aheads = corners[:, 0] - here
    points = projection.project_visible(aheads, corners[:, 1])
    sizes = np.array([len(outline) for outline in outlines])
    ends = np.cumsum(sizes)
    starts = ends - sizes
    is_near = (np.maximum.reduceat(aheads, starts) > NEAREST_M) & (
        np.minimum.reduceat(aheads, starts) <= FARTHEST_DECAL_M
    )
    shares = np.minimum(_thickness_px(points, starts, ends), 1.0)
    return Flats(points, ends, is_near, shares)


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


def _box(points: FloatArray, shape: tuple[int, ...]) -> Box | None:
    """Return the box around pixels, None if it is outside of a picture."""
    low = np.maximum(np.floor(points.min(axis=0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(points.max(axis=0)).astype(int) + 2, shape[::-1])
    if (low >= high).any():
        return None
    (left, top), (right, bottom) = low.tolist(), high.tolist()
    return (top, bottom), (left, right)


def _paint_decals(
    image: ByteArray, projection: Projection, decals: Sequence[Decal]
) -> ByteArray:
    outlines = [outline for decal in decals for outline in decal.outlines]
    if not outlines:
        return image
    flats = lay_flat(projection, outlines)
    mask = np.zeros(projection.shape, dtype=np.uint8)
    last = 0
    for decal in decals:
        first, last = last, last + len(decal.outlines)
        box = flats.part(first, last).fill(mask, 255.0)
        if box is None:
            continue
        (top, bottom), (left, right) = box
        rows = max(top, projection.ground.top_row), bottom
        _blend(image, projection, decal, mask, (rows, (left, right)))
        mask[top:bottom, left:right] = 0
    return image


def _blend(
    image: ByteArray,
    projection: Projection,
    decal: Decal,
    mask: ByteArray,
    box: Box,
) -> None:
    """Lay a decal's color over the picture where the mask says, in place."""
    rows, columns = box
    places = find_covered(mask, rows, columns)
    if len(places) == 0:
        return
    ground, light = projection.ground, projection.scene.light
    below = places - ground.top_row * image.shape[1]
    ahead = ground.ahead.ravel()[below]
    cover = mask.ravel()[places] * np.float32(decal.opacity / 255)
    cover *= ground.cover.ravel()[below]
    if decal.wear > 0:
        flakes = sample_points(
            noise_tile("wear", 0.6),
            ground.lateral.ravel()[below] / _FLAKE_M[0],
            (ahead + projection.scene.camera.station_m) / _FLAKE_M[1],
        )
        cover *= np.clip((flakes - 3 * (decal.wear - 0.5)) * 0.8 + 0.5, 0.15, 1)
    paint = np.array(decal.color, dtype=np.float32)
    sky = np.array(light.horizon_color, dtype=np.float32)
    lay_paint(
        image.reshape(-1, 3),
        places,
        (cover, haze_share(projection, ahead)),
        (paint, sky),
    )


def shade_light(projection: Projection) -> ByteArray | None:
    """Return the light that the scene's shades leave on the ground.

    Where several fall on the same place, the darkest counts: sunlight is missing once.

    Returns:
        (H, W) uint8, 255 in the sun; None if there is no shade.
    """
    shades = projection.scene.surroundings.shades
    if not shades:
        return None
    shadow = np.zeros(projection.shape, dtype=np.uint8)
    for shade in shades:
        one = np.zeros(projection.shape, dtype=np.uint8)
        if shade.outlines:
            lay_flat(projection, shade.outlines).fill(one, 255 * shade.darkness)
        cv2.max(shadow, one, dst=shadow)
    # The sun is no point: far edges are soft anyway, near ones over some pixels.
    width = 2 * (projection.shape[0] // 150) + 1
    return np.asarray(255 - cv2.blur(shadow, (width, width)), dtype=np.uint8)

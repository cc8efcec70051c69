"""What stands beside the road: walls, trees, buildings, poles, signs, bridges.

The roadside is divided into pieces, see :mod:`~lanedet.simulation.verges`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise

import cv2
import numpy as np

from lanedet.simulation.canvas import mix, shade
from lanedet.simulation.houses import add_house, house_in_cell
from lanedet.simulation.kernels import paint_sprite
from lanedet.simulation.randomness import seeded
from lanedet.simulation.scene import Color, Wall
from lanedet.simulation.sketch import Sketch, upright
from lanedet.simulation.textures import TILE_SIZE, noise_tile
from lanedet.simulation.verges import (
    CELL_M,
    cells_ahead,
    is_crossed,
    pavement_edge,
    verge_edge,
)
from lanedet.simulation.view import NEAREST_M, Float32Array, SceneView
from lanedet.structures import ByteArray, FloatArray

_PIECE_M = 4.0
_SPRITE_SIZES = (16, 32, 64, 128, 256)
_NUM_TREES = 8
_BRIDGE_CELL = 3
_HIGH_WALL_M = 1.5
_TURNS = np.linspace(0, 2 * np.pi, 12, endpoint=False)
_ROUND = np.stack([0.42 * np.cos(_TURNS), 0.58 + 0.4 * np.sin(_TURNS)], axis=1)
_CONE = np.repeat([(-0.38, 0.1), (0.38, 0.1), (0.05, 0.95), (-0.05, 0.95)], 3, axis=0)
"""Where crowns are dense: across, in widths, and up, in heights."""


@dataclass(frozen=True)
class _Tree:
    """A tree: its place, its size, which one of the sprites, its brightness."""

    ahead_m: float
    lateral_m: float
    width_m: float
    height_m: float
    number: int
    gain: float


def paint_roadside(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Paint trees, buildings, lamp posts, signs and bridges, the farthest first."""
    del rng
    sketch = Sketch(view)
    for cell, ahead in cells_ahead(view):
        cell_rng = seeded(*view.scene.seed, 71, cell)
        _add_bridge(sketch, view, cell, ahead)
        for side in (-1, 1):
            edge = verge_edge(view, side, ahead)
            house = house_in_cell(view, cell, side)
            if house is not None:
                add_house(sketch, view, house)
            _add_trees(sketch, view, side, (ahead, edge), cell_rng)
            _add_pole(sketch, view, side, cell, ahead)
        _add_sign(sketch, view, cell, ahead, cell_rng)
        _add_gantry(sketch, view, cell, ahead)
    sketch.paint(image)
    return image


def paint_walls(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Paint barriers, guard rails and embankments, piece by piece."""
    del rng
    sketch = Sketch(view)
    for wall in view.scene.surroundings.walls:
        _add_wall(sketch, view, wall)
    sketch.paint(image)
    return image


def _add_wall(sketch: Sketch, view: SceneView, wall: Wall) -> None:
    here = view.scene.camera.station_m
    first = int((here + NEAREST_M) // _PIECE_M)
    pieces = np.unique((first + np.geomspace(1, 80, 40)).astype(int)) - 1
    aheads = np.maximum(pieces * _PIECE_M - here, NEAREST_M)
    feet = wall.lateral_m + np.zeros(len(aheads))
    road = view.scene.road
    if wall.lateral_m > road.pavement.right_m:
        feet += road.edge_shift(1, aheads + here)
    elif wall.lateral_m <= road.pavement.left_m:
        feet += road.edge_shift(-1, aheads + here)
    # A high face is a patchwork of several strips.
    rises = np.linspace(0, 1, 2 + int(wall.top_m / 2.5))
    # A slope lies rather than stands: it is not in its own shadow.
    gain = (
        1.0 if abs(wall.lean_m) > wall.top_m else 1 - 0.45 * view.scene.light.backlight
    )
    laterals = (feet[:, None] + rises * wall.lean_m).tolist()
    heights = (wall.bottom_m + rises * (wall.top_m - wall.bottom_m)).tolist()
    roughness = noise_tile(0.8, seed=7)[: len(rises), pieces % TILE_SIZE]
    gains = (gain * (1 + wall.roughness * roughness)).tolist()
    places = aheads.tolist()
    for i in range(len(pieces) - 2, -1, -1):
        if is_crossed(view, float(pieces[i] * _PIECE_M)):
            continue
        near, far = places[i], places[i + 1]
        for j in range(len(rises) - 1):
            corners = (
                (near, laterals[i][j], heights[j]),
                (far, laterals[i + 1][j], heights[j]),
                (far, laterals[i + 1][j + 1], heights[j + 1]),
                (near, laterals[i][j + 1], heights[j + 1]),
            )
            sketch.add(corners, wall.color, near, gains[j][i])
        if wall.post_spacing_m > 0 and near < 60:
            _add_post(sketch, wall, near, float(feet[i]))


def _add_post(sketch: Sketch, wall: Wall, ahead: float, lateral: float) -> None:
    sides, heights = (lateral - 0.07, lateral + 0.07), (0.0, wall.top_m)
    sketch.add(upright(ahead, sides, heights), wall.color, ahead, 0.6)


def _add_trees(
    sketch: Sketch,
    view: SceneView,
    side: int,
    foot: tuple[float, float],
    rng: np.random.Generator,
) -> None:
    """Add the trees of a cell; its edge towards the road begins at (ahead, lateral)."""
    place, gain = view.scene.surroundings, view.scene.light.facing_gain
    for tree in _trees_in_cell(view, side, foot, rng):
        half, distance = tree.width_m / 2, tree.ahead_m
        corners = (
            (distance, tree.lateral_m - half, 0.0),
            (distance, tree.lateral_m + half, tree.height_m),
        )
        color = shade(place.tree_color, gain * tree.gain)
        contrast = _contrast(view, distance)
        brush = partial(_paint_tree, number=tree.number, contrast=contrast)
        sketch.add_brush(brush, corners, color, distance)


def _trees_in_cell(
    view: SceneView, side: int, foot: tuple[float, float], rng: np.random.Generator
) -> list[_Tree]:
    """Return the trees of a cell; see :func:`_add_trees`."""
    place = view.scene.surroundings
    ahead, edge = foot
    trees = []
    for _ in range(rng.poisson(place.tree_density)):
        away = place.tree_distance_m + rng.exponential(9.0)
        height = rng.uniform(2.5, 13.0)
        width = height * rng.uniform(0.5, 1.1)
        number = int(rng.integers(_NUM_TREES))
        gain = rng.uniform(0.6, 1.35)
        distance = ahead + rng.uniform(0, CELL_M)
        lateral = edge + side * (away + width / 2)
        trees.append(_Tree(distance, lateral, width, height, number, gain))
    return trees


def screens(view: SceneView) -> list[tuple[float, FloatArray]]:
    """Return what hides lights: crowns of trees, bridges, high walls.

    Returns:
        Distance and outline in pixels, (N, 2), of each.
    """
    trees: list[_Tree] = []
    aheads: list[float] = []
    outlines: list[FloatArray] = []
    spacing = view.scene.surroundings.bridge_spacing_m
    for cell, ahead in cells_ahead(view):
        rng = seeded(*view.scene.seed, 71, cell)
        for side in (-1, 1):
            foot = (ahead, verge_edge(view, side, ahead))
            trees += _trees_in_cell(view, side, foot, rng)
        if spacing and cell % max(1, round(spacing / CELL_M)) == _BRIDGE_CELL:
            left, right = (pavement_edge(view, side, ahead) for side in (-1, 1))
            aheads.append(ahead)
            places = upright(ahead, (left - 60, right + 60), (5.4, 7.8))
            outlines.append(np.array(places))
    for wall in view.scene.surroundings.walls:
        if wall.top_m > _HIGH_WALL_M:
            outlines += _wall_outlines(wall)
            aheads += [0.0] * (len(outlines) - len(aheads))
    outlines += list(_crowns(trees))
    aheads += [tree.ahead_m for tree in trees]
    if not outlines:
        return []
    points = view.project_visible(*np.concatenate(outlines).T)
    ends = np.cumsum([len(outline) for outline in outlines])
    return list(zip(aheads, np.split(points, ends[:-1]), strict=True))


def _crowns(trees: Sequence[_Tree]) -> FloatArray:
    """Return the corners of the crowns of trees, (N, K, 3)."""
    if not trees:
        return np.empty((0, len(_ROUND), 3))
    outlines = [_CONE if tree.number % 4 == 0 else _ROUND for tree in trees]
    sizes = np.array([(tree.width_m, tree.height_m) for tree in trees])
    feet = np.array([(tree.ahead_m, tree.lateral_m, 0.0) for tree in trees])
    corners = np.repeat(feet[:, None], len(_ROUND), axis=1)
    corners[..., 1:] += np.array(outlines) * sizes[:, None]
    return corners


def _wall_outlines(wall: Wall) -> list[FloatArray]:
    """Return a wall's face in pieces, each (4, 3)."""
    aheads = np.geomspace(NEAREST_M, 300.0, 24)
    foot, top = wall.lateral_m, wall.lateral_m + wall.lean_m
    return [
        np.array(
            [
                (near, foot, wall.bottom_m),
                (far, foot, wall.bottom_m),
                (far, top, wall.top_m),
                (near, top, wall.top_m),
            ]
        )
        for near, far in pairwise(aheads.tolist())
    ]


def _contrast(view: SceneView, ahead: float) -> float:
    """Return what fog leaves of the contrast between leaves."""
    if view.scene.weather.fog == 0:
        return 1.0
    return math.exp(-ahead / view.scene.light.visibility_m)


def _paint_tree(
    image: ByteArray,
    corners: FloatArray,
    color: Color,
    *,
    number: int,
    contrast: float,
) -> None:
    """Paint a tree into the box between two corners, in place."""
    (left, right), (bottom, top) = np.rint(corners).astype(int).T.tolist()
    if right - left < 2 or bottom - top < 2 or right - left > 2 * image.shape[1]:
        return
    sizes = tree_sprites()[number]
    # The smallest sprite that has as many pixels: more of them would flicker.
    sprite = next((s for s in sizes if len(s) >= bottom - top), sizes[-1])
    paint_sprite(image, sprite, (left, top, right, bottom), tuple(color), contrast)


@lru_cache(maxsize=1)
def tree_sprites() -> tuple[tuple[ByteArray, ...], ...]:
    """Return trees, each as (size, size, 2) uint8 sprites from small to large.

    The first channel is grey, 128 is the mean, the second opacity. Leaves hang in
    clumps, brighter above than below.
    """
    ys, xs = np.mgrid[0:1:256j, -1:1:256j]
    trees = []
    for number in range(_NUM_TREES):
        coarse, fine = (
            cv2.GaussianBlur(_tile(power, number), (0, 0), sigma)
            for power, sigma in ((1.1, 3.0), (0.7, 1.6))
        )
        round_crown = 1 - np.hypot(xs, (ys - 0.42) * (1.9 + 0.1 * number))
        cone = 0.95 - np.abs(xs) / np.maximum(0.08, ys * 0.9) - (ys > 0.9)
        crown = round_crown if number % 4 else cone * 0.5
        crown = crown + 0.16 * coarse + 0.07 * fine - 0.12
        # Light falls from above: a clump is dark where another begins below it.
        relief = np.roll(coarse, 5, axis=0) - coarse
        gain = 1.15 - 0.5 * ys + 0.12 * fine - 0.35 * np.clip(relief, -1, 1)
        leaves = np.clip(crown * 26 + 0.5, 0, 1)
        trunk = np.clip((0.05 - np.abs(xs)) * 128 + 0.5, 0, 1) * (ys > 0.5)
        opacity = np.maximum(leaves, trunk)
        grey = (leaves * gain + (1 - leaves) * 0.5) * 128
        trees.append(_reduced(np.clip(grey, 0, 255) * opacity, opacity * 255))
    return tuple(trees)


def _tile(power: float, number: int) -> Float32Array:
    """Return a square of noise of the size of the largest sprite."""
    return np.ascontiguousarray(noise_tile(power, seed=20 + number)[:256, :256])


def _reduced(light: np.ndarray, opacity: np.ndarray) -> tuple[ByteArray, ...]:
    """Return a sprite in its sizes, from what it shows in front of black."""
    sprites = []
    for size in _SPRITE_SIZES:
        small = [
            cv2.resize(plane, (size, size), interpolation=cv2.INTER_AREA)
            for plane in (light, opacity)
        ]
        grey = small[0] / np.maximum(small[1] / 255, 1e-3)
        sprite = np.stack([np.clip(grey, 0, 255), small[1]], axis=-1)
        sprites.append(np.rint(sprite).astype(np.uint8))
    return tuple(sprites)


def _add_pole(
    sketch: Sketch, view: SceneView, side: int, cell: int, ahead: float
) -> None:
    spacing = view.scene.surroundings.pole_spacing_m
    if spacing == 0 or cell % max(1, round(spacing / CELL_M)):
        return
    lateral = pavement_edge(view, side, ahead) + side * 2.0
    grey: Color = (95, 97, 100)
    _add_box(sketch, view, ahead, (lateral - 0.1, lateral + 0.1), (0, 9), grey)
    arm = (lateral, lateral - side * 2.5)
    _add_box(sketch, view, ahead, arm, (8.85, 9.0), grey)


def _add_sign(
    sketch: Sketch, view: SceneView, cell: int, ahead: float, rng: np.random.Generator
) -> None:
    spacing = view.scene.surroundings.sign_spacing_m
    if spacing == 0 or cell % max(1, round(spacing / CELL_M)):
        return
    lateral = pavement_edge(view, 1, ahead) + rng.uniform(1.5, 4)
    width, top = rng.uniform(0.8, 3.5), rng.uniform(2.5, 5)
    colors: list[Color] = [(20, 90, 60), (30, 70, 140), (225, 175, 30), (215, 215, 210)]
    color = colors[rng.integers(len(colors))]
    post = (lateral + width / 2 - 0.06, lateral + width / 2 + 0.06)
    _add_box(sketch, view, ahead, post, (0, top), (90, 90, 90))
    sheet = (lateral, lateral + width)
    _add_box(sketch, view, ahead, sheet, (top - width * 0.6, top), color)


def _add_bridge(sketch: Sketch, view: SceneView, cell: int, ahead: float) -> None:
    spacing = view.scene.surroundings.bridge_spacing_m
    if spacing == 0 or cell % max(1, round(spacing / CELL_M)) != _BRIDGE_CELL:
        return
    concrete: Color = (128, 124, 116)
    left, right = (
        pavement_edge(view, -1, ahead) - 60,
        pavement_edge(view, 1, ahead) + 60,
    )
    _add_box(sketch, view, ahead + 12, (left, right), (5.4, 6.6), shade(concrete, 0.4))
    for lateral in (
        pavement_edge(view, -1, ahead) - 2.0,
        pavement_edge(view, 1, ahead) + 1.0,
    ):
        _add_box(
            sketch, view, ahead, (lateral, lateral + 1), (0, 6), shade(concrete, 0.7)
        )
    _add_box(sketch, view, ahead, (left, right), (5.4, 6.9), concrete)
    _add_box(sketch, view, ahead, (left, right), (6.9, 7.8), shade(concrete, 0.8))


def _add_gantry(sketch: Sketch, view: SceneView, cell: int, ahead: float) -> None:
    spacing = view.scene.surroundings.gantry_spacing_m
    if spacing == 0 or cell % max(1, round(spacing / CELL_M)) != 1:
        return
    left, right = (
        pavement_edge(view, -1, ahead) - 0.5,
        pavement_edge(view, 1, ahead) + 1.0,
    )
    grey: Color = (118, 120, 122)
    for lateral in (left, right):
        _add_box(sketch, view, ahead, (lateral - 0.2, lateral + 0.2), (0, 7.6), grey)
    for height in (6.2, 7.4):
        _add_box(sketch, view, ahead, (left, right), (height, height + 0.22), grey)
    rng = seeded(*view.scene.seed, 76, cell)
    sheet: Color = (22, 88, 62) if rng.uniform() < 0.75 else (30, 62, 130)
    for middle in left + (right - left) * rng.uniform(0.1, 0.9, rng.integers(1, 4)):
        half, top = rng.uniform(1.5, 3.2), rng.uniform(8.0, 9.2)
        box = (middle - half, middle + half)
        _add_box(sketch, view, ahead, box, (5.8, top), (205, 210, 205))
        box = (middle - half + 0.15, middle + half - 0.15)
        _add_box(sketch, view, ahead, box, (5.95, top - 0.15), sheet)
        for low in np.arange(6.4, top - 0.7, 0.9):
            reach = half * rng.uniform(0.3, 0.8)
            box = (middle - reach, middle + reach)
            _add_box(
                sketch,
                view,
                ahead,
                box,
                (low, low + 0.4),
                mix(sheet, (255, 255, 255), 0.55),
            )


def _add_box(
    sketch: Sketch,
    view: SceneView,
    ahead: float,
    laterals: tuple[float, float],
    heights: tuple[float, float],
    color: Color,
) -> None:
    """Add an upright rectangle that faces the camera."""
    corners = upright(ahead, laterals, heights)
    sketch.add_large(corners, color, ahead, view.scene.light.facing_gain)

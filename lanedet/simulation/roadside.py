"""What stands beside the road: walls, trees, buildings, poles, signs, bridges.

The roadside is divided into pieces, see :mod:`~lanedet.simulation.verges`.
"""

import math
from functools import partial

import numpy as np

from lanedet.simulation.canvas import mix, shade
from lanedet.simulation.houses import add_house, house_number, houses_ahead
from lanedet.simulation.randomness import seeded
from lanedet.simulation.scene import Color, Wall
from lanedet.simulation.sketch import Sketch, upright
from lanedet.simulation.textures import TILE_SIZE, noise_tile
from lanedet.simulation.trees import paint_tree, trees_in_cell
from lanedet.simulation.verges import (
    BRIDGE_HEIGHTS_M,
    CELL_M,
    bridge_deck,
    cell_generators,
    cells_ahead,
    has_bridge,
    is_crossed,
    pavement_edge,
    verge_edge,
)
from lanedet.simulation.view import NEAREST_M, SceneView
from lanedet.structures import ByteArray

_PIECE_M = 4.0
# Numbers of pieces ahead: equal steps in the picture, about.
_PIECES = np.unique(np.geomspace(1, 80, 40).astype(int)) - 1
_POST_M, _POST_GAIN, _POST_REACH_M = 0.14, 0.6, 60.0


def paint_roadside(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Paint trees, buildings, lamp posts, signs and bridges, the farthest first."""
    del rng
    sketch = Sketch(view)
    houses = {house.number: house for house in houses_ahead(view)}
    places = zip(cells_ahead(view), cell_generators(view), strict=True)
    for (cell, ahead), cell_rng in places:
        _add_bridge(sketch, view, cell, ahead)
        for side in (-1, 1):
            edge = verge_edge(view, side, ahead)
            house = houses.get(house_number(cell, side))
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
    pieces = first + _PIECES
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
    laterals = feet[:, None] + rises * wall.lean_m
    heights = wall.bottom_m + rises * (wall.top_m - wall.bottom_m)
    roughness = noise_tile(0.8, seed=7)[: len(rises) - 1, pieces[:-1] % TILE_SIZE]
    num_strips = len(rises) - 1
    # Of each piece its strips, then the post at its near end.
    corners = np.empty((len(pieces) - 1, num_strips + 1, 4, 3))
    near, far = aheads[:-1], aheads[1:]
    corners[..., 0] = near[:, None, None]
    corners[:, :num_strips, 1:3, 0] = far[:, None, None]
    strips = corners[:, :num_strips]
    strips[:, :, 0, 1], strips[:, :, 3, 1] = laterals[:-1, :-1], laterals[:-1, 1:]
    strips[:, :, 1, 1], strips[:, :, 2, 1] = laterals[1:, :-1], laterals[1:, 1:]
    strips[:, :, :2, 2], strips[:, :, 2:, 2] = heights[:-1, None], heights[1:, None]
    posts = corners[:, num_strips]
    posts[:, :, 1] = feet[:-1, None] + np.array([-1, 1, 1, -1]) * _POST_M / 2
    posts[:, :, 2] = np.array([0.0, 0.0, wall.top_m, wall.top_m])
    gains = np.full(corners.shape[:2], _POST_GAIN)
    gains[:, :num_strips] = (gain * (1 + wall.roughness * roughness)).T
    is_shown = np.ones(gains.shape, dtype=bool)
    is_shown[:, num_strips] = (wall.post_spacing_m > 0) & (near < _POST_REACH_M)
    if view.scene.road.crossroad is not None:
        stations = pieces[:-1] * _PIECE_M
        is_shown[[is_crossed(view, station) for station in stations.tolist()]] = False
    # The farthest first.
    shown = is_shown[::-1]
    distances = np.broadcast_to(near[:, None], gains.shape)[::-1][shown]
    sketch.add_quadrangles(
        corners[::-1][shown], wall.color, distances, gains[::-1][shown]
    )


def _add_trees(
    sketch: Sketch,
    view: SceneView,
    side: int,
    foot: tuple[float, float],
    rng: np.random.Generator,
) -> None:
    """Add the trees of a cell; its edge towards the road begins at (ahead, lateral)."""
    place, gain = view.scene.surroundings, view.scene.light.facing_gain
    if place.tree_density == 0:
        return
    for tree in trees_in_cell(view, side, foot, rng):
        half, distance = tree.width_m / 2, tree.ahead_m
        corners = (
            (distance, tree.lateral_m - half, 0.0),
            (distance, tree.lateral_m + half, tree.height_m),
        )
        color = shade(place.tree_color, gain * tree.gain)
        contrast = _contrast(view, distance)
        brush = partial(paint_tree, number=tree.number, contrast=contrast)
        sketch.add_brush(brush, corners, color, distance)


def _contrast(view: SceneView, ahead: float) -> float:
    """Return what fog leaves of the contrast between leaves."""
    if view.scene.weather.fog == 0:
        return 1.0
    return math.exp(-ahead / view.scene.light.visibility_m)


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
    if not has_bridge(view, cell):
        return
    concrete: Color = (128, 124, 116)
    deck, (bottom, top) = bridge_deck(view, ahead), BRIDGE_HEIGHTS_M
    _add_box(sketch, view, ahead + 12, deck, (bottom, 6.6), shade(concrete, 0.4))
    for lateral in (
        pavement_edge(view, -1, ahead) - 2.0,
        pavement_edge(view, 1, ahead) + 1.0,
    ):
        _add_box(
            sketch, view, ahead, (lateral, lateral + 1), (0, 6), shade(concrete, 0.7)
        )
    _add_box(sketch, view, ahead, deck, (bottom, 6.9), concrete)
    _add_box(sketch, view, ahead, deck, (6.9, top), shade(concrete, 0.8))


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

"""Things along the road: trees, buildings, poles, signs, bridges.

The roadside is divided into pieces, see :mod:`~lanedet.simulation.effects.verges`.
"""

import math
from functools import partial

import numpy as np

from lanedet.arrays import ByteArray
from lanedet.simulation.effects.houses import add_house, house_number, houses_ahead
from lanedet.simulation.effects.trees import paint_tree, trees_in_cell
from lanedet.simulation.effects.verges import (
    BRIDGE_HEIGHTS_M,
    CELL_M,
    bridge_deck,
    cell_generators,
    cells_ahead,
    has_bridge,
    pavement_edge,
    verge_edge,
)
from lanedet.simulation.painting.sketch import Sketch, upright
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.world.color import Color, mix, shade


def paint_roadside(image: ByteArray, projection: Projection) -> ByteArray:
    """Paint trees, buildings, lamp posts, signs and bridges, the farthest first."""
    sketch = Sketch(projection)
    houses = {house.number: house for house in houses_ahead(projection)}
    places = zip(cells_ahead(projection), cell_generators(projection), strict=True)
    for (cell, ahead), cell_rng in places:
        _add_bridge(sketch, projection, cell, ahead)
        for side in (-1, 1):
            edge = verge_edge(projection, side, ahead)
            house = houses.get(house_number(cell, side))
            if house is not None:
                add_house(sketch, projection, house)
            _add_trees(sketch, projection, side, (ahead, edge), cell_rng)
            _add_pole(sketch, projection, side, cell, ahead)
        _add_sign(sketch, projection, cell, ahead, cell_rng)
        _add_gantry(sketch, projection, cell, ahead)
    sketch.paint(image)
    return image


def _add_trees(
    sketch: Sketch,
    projection: Projection,
    side: int,
    foot: tuple[float, float],
    rng: np.random.Generator,
) -> None:
    """Add the trees of a cell; its edge towards the road begins at (ahead, lateral)."""
    place, gain = projection.scene.surroundings, projection.scene.light.facing_gain
    for tree in trees_in_cell(projection, side, foot, rng):
        half, distance = tree.width_m / 2, tree.ahead_m
        corners = (
            (distance, tree.lateral_m - half, 0.0),
            (distance, tree.lateral_m + half, tree.height_m),
        )
        color = shade(place.tree_color, gain * tree.gain)
        contrast = _contrast(projection, distance)
        brush = partial(paint_tree, number=tree.number, contrast=contrast)
        sketch.add_brush(brush, corners, color, distance)


def _contrast(projection: Projection, ahead: float) -> float:
    """Return what fog leaves of the contrast between leaves."""
    if projection.scene.weather.fog == 0:
        return 1.0
    return math.exp(-ahead / projection.scene.light.visibility_m)


def _add_pole(
    sketch: Sketch, projection: Projection, side: int, cell: int, ahead: float
) -> None:
    spacing = projection.scene.surroundings.pole_spacing_m
    if spacing == 0 or cell % max(1, round(spacing / CELL_M)):
        return
    lateral = pavement_edge(projection, side, ahead) + side * 2.0
    grey: Color = (95, 97, 100)
    _add_box(sketch, projection, ahead, (lateral - 0.1, lateral + 0.1), (0, 9), grey)
    arm = (lateral, lateral - side * 2.5)
    _add_box(sketch, projection, ahead, arm, (8.85, 9.0), grey)


def _add_sign(
    sketch: Sketch,
    projection: Projection,
    cell: int,
    ahead: float,
    rng: np.random.Generator,
) -> None:
    spacing = projection.scene.surroundings.sign_spacing_m
    if spacing == 0 or cell % max(1, round(spacing / CELL_M)):
        return
    lateral = pavement_edge(projection, 1, ahead) + rng.uniform(1.5, 4)
    width, top = rng.uniform(0.8, 3.5), rng.uniform(2.5, 5)
    colors: list[Color] = [(20, 90, 60), (30, 70, 140), (225, 175, 30), (215, 215, 210)]
    color = colors[rng.integers(len(colors))]
    post = (lateral + width / 2 - 0.06, lateral + width / 2 + 0.06)
    _add_box(sketch, projection, ahead, post, (0, top), (90, 90, 90))
    sheet = (lateral, lateral + width)
    _add_box(sketch, projection, ahead, sheet, (top - width * 0.6, top), color)


def _add_bridge(
    sketch: Sketch, projection: Projection, cell: int, ahead: float
) -> None:
    if not has_bridge(projection, cell):
        return
    concrete: Color = (128, 124, 116)
    deck, (bottom, top) = bridge_deck(projection, ahead), BRIDGE_HEIGHTS_M
    _add_box(sketch, projection, ahead + 12, deck, (bottom, 6.6), shade(concrete, 0.4))
    for lateral in (
        pavement_edge(projection, -1, ahead) - 2.0,
        pavement_edge(projection, 1, ahead) + 1.0,
    ):
        _add_box(
            sketch,
            projection,
            ahead,
            (lateral, lateral + 1),
            (0, 6),
            shade(concrete, 0.7),
        )
    _add_box(sketch, projection, ahead, deck, (bottom, 6.9), concrete)
    _add_box(sketch, projection, ahead, deck, (6.9, top), shade(concrete, 0.8))


def _add_gantry(
    sketch: Sketch, projection: Projection, cell: int, ahead: float
) -> None:
    spacing = projection.scene.surroundings.gantry_spacing_m
    if spacing == 0 or cell % max(1, round(spacing / CELL_M)) != 1:
        return
    left, right = (
        pavement_edge(projection, -1, ahead) - 0.5,
        pavement_edge(projection, 1, ahead) + 1.0,
    )
    grey: Color = (118, 120, 122)
    for lateral in (left, right):
        _add_box(
            sketch, projection, ahead, (lateral - 0.2, lateral + 0.2), (0, 7.6), grey
        )
    for height in (6.2, 7.4):
        _add_box(
            sketch, projection, ahead, (left, right), (height, height + 0.22), grey
        )
    (rng,) = projection.world_rngs("gantries", [cell])
    sheet: Color = (22, 88, 62) if rng.uniform() < 0.75 else (30, 62, 130)
    for middle in left + (right - left) * rng.uniform(0.1, 0.9, rng.integers(1, 4)):
        half, top = rng.uniform(1.5, 3.2), rng.uniform(8.0, 9.2)
        box = (middle - half, middle + half)
        _add_box(sketch, projection, ahead, box, (5.8, top), (205, 210, 205))
        box = (middle - half + 0.15, middle + half - 0.15)
        _add_box(sketch, projection, ahead, box, (5.95, top - 0.15), sheet)
        for low in np.arange(6.4, top - 0.7, 0.9):
            reach = half * rng.uniform(0.3, 0.8)
            box = (middle - reach, middle + reach)
            _add_box(
                sketch,
                projection,
                ahead,
                box,
                (low, low + 0.4),
                mix(sheet, (255, 255, 255), 0.55),
            )


def _add_box(
    sketch: Sketch,
    projection: Projection,
    ahead: float,
    laterals: tuple[float, float],
    heights: tuple[float, float],
    color: Color,
) -> None:
    """Add an upright rectangle that faces the camera."""
    corners = upright(ahead, laterals, heights)
    sketch.add_large(corners, color, ahead, projection.scene.light.facing_gain)

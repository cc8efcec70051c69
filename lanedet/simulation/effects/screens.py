"""Screens before lights: crowns of trees, bridges, high walls."""

from itertools import pairwise

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.simulation.effects.trees import Tree, crowns, trees_in_cell
from lanedet.simulation.effects.verges import (
    BRIDGE_HEIGHTS_M,
    bridge_deck,
    cell_generators,
    cells_ahead,
    has_bridge,
    verge_edge,
)
from lanedet.simulation.painting.sketch import upright
from lanedet.simulation.projection.projection import (
    NEAREST_M,
    Projection,
    once_per_projection,
)
from lanedet.simulation.world.scene import Wall

_HIGH_WALL_M = 1.5
_WALL_AHEADS_M = np.geomspace(NEAREST_M, 300.0, 24)


@once_per_projection
def screens(projection: Projection) -> list[tuple[float, FloatArray]]:
    """Return what hides lights: crowns of trees, bridges, high walls.

    Returns:
        Distance and outline in pixels, (N, 2), of each. Walls stand between the road
        and all lights, so their distance is 0.
    """
    trees: list[Tree] = []
    things: list[tuple[float, FloatArray]] = []
    places = zip(cells_ahead(projection), cell_generators(projection), strict=True)
    for (cell, ahead), rng in places:
        for side in (-1, 1):
            foot = (ahead, verge_edge(projection, side, ahead))
            trees += trees_in_cell(projection, side, foot, rng)
        if has_bridge(projection, cell):
            deck = upright(ahead, bridge_deck(projection, ahead), BRIDGE_HEIGHTS_M)
            things.append((ahead, np.array(deck)))
    for wall in projection.scene.surroundings.walls:
        if wall.top_m > _HIGH_WALL_M:
            things += [(0.0, outline) for outline in _wall_outlines(wall)]
    things += zip((tree.ahead_m for tree in trees), crowns(trees), strict=True)
    if not things:
        return []
    aheads, outlines = zip(*things, strict=True)
    points = projection.project_visible(*np.concatenate(outlines).T)
    ends = np.cumsum([len(outline) for outline in outlines])
    return list(zip(aheads, np.split(points, ends[:-1]), strict=True))


def _wall_outlines(wall: Wall) -> list[FloatArray]:
    """Return a wall's face in pieces, each (4, 3).

    It is taken for straight: lanes that end or begin do not move it, and no road
    that crosses interrupts it.
    """
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
        for near, far in pairwise(_WALL_AHEADS_M.tolist())
    ]

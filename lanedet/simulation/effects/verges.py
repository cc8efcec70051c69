"""The ground beside the road, in pieces of 10 m.

What stands on a piece depends only on the world's seed and the piece's number, so it
stays put while the camera drives past.
"""

import numpy as np

from lanedet.simulation.projection.projection import (
    NEAREST_M,
    Projection,
    once_per_projection,
)

CELL_M = 10.0
BRIDGE_HEIGHTS_M = (5.4, 7.8)
"""The lower and the upper edge of a bridge's deck."""

_REACH_M = 260.0
_BRIDGE_CELL = 3
_BRIDGE_BESIDE_M = 60.0


@once_per_projection
def cells_ahead(projection: Projection) -> list[tuple[int, float]]:
    """Return numbers and distances of the pieces ahead, the farthest first.

    Those that another road takes are left out.
    """
    here = projection.scene.camera.station_m
    first = int(here // CELL_M)
    cells = range(first + int(_REACH_M / CELL_M), first, -1)
    aheads = [(cell, cell * CELL_M - here) for cell in cells]
    return [
        (cell, ahead)
        for cell, ahead in aheads
        if ahead >= NEAREST_M and not is_crossed(projection, cell * CELL_M)
    ]


def is_crossed(projection: Projection, station_m: float) -> bool:
    """Return whether another road takes the place of what stands there."""
    crossroad = projection.scene.road.crossroad
    return crossroad is not None and bool(crossroad.holds(station_m, 4.0))


def pavement_edge(projection: Projection, side: int, ahead_m: float) -> float:
    """Return where the pavement ends on the left (-1) or the right (1)."""
    road = projection.scene.road
    edge = road.pavement.left_m if side < 0 else road.pavement.right_m
    if road.ramp is None:
        return edge
    return edge + float(
        road.edge_shift(side, ahead_m + projection.scene.camera.station_m)
    )


def verge_edge(projection: Projection, side: int, ahead_m: float) -> float:
    """Return where the ground begins on which trees and houses stand."""
    edge = pavement_edge(projection, side, ahead_m)
    for strip in projection.scene.surroundings.strips:
        outer = strip.right_m if side > 0 else strip.left_m
        edge = max(edge, outer) if side > 0 else min(edge, outer)
    return edge


def cell_generators(projection: Projection) -> list[np.random.Generator]:
    """Return the pieces' own sources of randomness, each time from their beginning.

    In the order of :func:`cells_ahead`.
    """
    cells = [cell for cell, _ in cells_ahead(projection)]
    return projection.world_rngs("roadside", cells)


def has_bridge(projection: Projection, cell: int) -> bool:
    """Return whether a bridge begins at a piece."""
    spacing = projection.scene.surroundings.bridge_spacing_m
    return spacing != 0 and cell % max(1, round(spacing / CELL_M)) == _BRIDGE_CELL


def bridge_deck(projection: Projection, ahead_m: float) -> tuple[float, float]:
    """Return where a bridge's deck begins and ends, as lateral positions."""
    left, right = (pavement_edge(projection, side, ahead_m) for side in (-1, 1))
    return left - _BRIDGE_BESIDE_M, right + _BRIDGE_BESIDE_M

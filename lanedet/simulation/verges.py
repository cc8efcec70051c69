"""The ground beside the road, in pieces of 10 m.

What stands on a piece depends only on the world's seed and the piece's number, so it
stays put while the camera drives past.
"""

from lanedet.simulation.view import NEAREST_M, SceneView

CELL_M = 10.0
_REACH_M = 260.0


def cells_ahead(view: SceneView) -> list[tuple[int, float]]:
    """Return numbers and distances of the pieces ahead, the farthest first.

    Those that another road takes are left out.
    """
    here = view.scene.camera.station_m
    first = int(here // CELL_M)
    cells = range(first + int(_REACH_M / CELL_M), first, -1)
    aheads = [(cell, cell * CELL_M - here) for cell in cells]
    return [
        (cell, ahead)
        for cell, ahead in aheads
        if ahead >= NEAREST_M and not is_crossed(view, cell * CELL_M)
    ]


def is_crossed(view: SceneView, station_m: float) -> bool:
    """Return whether another road takes the place of what stands there."""
    crossroad = view.scene.road.crossroad
    return crossroad is not None and bool(crossroad.holds(station_m, 4.0))


def pavement_edge(view: SceneView, side: int, ahead_m: float) -> float:
    """Return where the pavement ends on the left (-1) or the right (1)."""
    road = view.scene.road
    edge = road.pavement.left_m if side < 0 else road.pavement.right_m
    if road.ramp is None:
        return edge
    return edge + float(road.edge_shift(side, ahead_m + view.scene.camera.station_m))


def verge_edge(view: SceneView, side: int, ahead_m: float) -> float:
    """Return where the ground begins on which trees and houses stand."""
    edge = pavement_edge(view, side, ahead_m)
    for strip in view.scene.surroundings.strips:
        outer = strip.right_m if side > 0 else strip.left_m
        edge = max(edge, outer) if side > 0 else min(edge, outer)
    return edge

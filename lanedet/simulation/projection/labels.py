"""The lanes of a scene, as the TuSimple benchmark labels them.

Labelled are the markings that bound the ego lane and the lanes beside it: four, and one
or two more while the camera stands on them, on its way to the next lane or where two
lines meet. A label runs through gaps between dashes and through vehicles and guard
rails, along the middle of a double marking, from the bottom of the picture (or one's
own bonnet or dashboard) to a little below where the road hides itself, and no farther
than fog lets one see.
"""

from collections.abc import Sequence

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.ops import resample_polyline
from lanedet.simulation.projection.foreground import bonnet_rows, dashboard_rows
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.world.road import LaneLine

LABEL_REACH_M = 120.0
"""The reach of labels: farther markings are thinner than a pixel of a dashcam."""

LABEL_REACH_VISIBILITIES = 3.0
"""The reach in haze, where it leaves 5 % of a contrast, the least that eyes see."""

CROSSROAD_MARGIN_M = 14.0
"""The distance to a crossroad within which CULane's labels are empty."""

_CROSSING_M = 0.6
_PRESENT_M = 40.0
_LEAST_PRESENT_M = 12.0
_LONGEST_STEP_PX = 2.5
_TOP_MARGIN = 0.012
_MIN_EXTENT = 0.04


def visible_lanes(projection: Projection) -> list[FloatArray]:
    """Return the labelled lanes of the scene that its picture shows.

    Args:
        projection: The scene at its picture's size.

    Returns:
        Polylines from left to right, each (N, 2), (x, y) in pixels of the picture and
        inside it, a point about every pixel, from the bottom upwards.
    """
    scene = projection.scene
    here, crossroad = scene.camera.station_m, scene.road.crossroad
    if crossroad is not None and crossroad.holds(here, CROSSROAD_MARGIN_M):
        return []
    present = [
        line
        for line in scene.road.lines
        if line.start_m < here + _PRESENT_M and line.end_m > here + _LEAST_PRESENT_M
    ]
    lines = bounding_lines(present, scene.camera.lateral_m, here)
    lanes = [_visible_polyline(projection, line) for line in lines]
    return [
        lane
        for lane in lanes
        if len(lane) > 1 and np.ptp(lane[:, 1]) >= _MIN_EXTENT * projection.shape[0]
    ]


def bounding_lines(
    lines: Sequence[LaneLine], lateral_m: float, station_m: float = 0.0
) -> list[LaneLine]:
    """Return the lines that bound the ego lane and the lanes beside it.

    Args:
        lines: All lines, from left to right.
        lateral_m: Where the camera is across the road.
        station_m: Where the camera is along the road.
    """
    # A line that begins ahead counts with the place where it begins.
    laterals = [line.lateral_at(max(station_m, line.start_m)) for line in lines]
    offsets = np.array(laterals) - lateral_m
    crossed = np.flatnonzero(np.abs(offsets) < _CROSSING_M)
    left = np.flatnonzero(offsets <= -_CROSSING_M)[-2:]
    right = np.flatnonzero(offsets >= _CROSSING_M)[:2]
    return [lines[i] for i in (*left, *crossed, *right)]


def _visible_polyline(projection: Projection, line: LaneLine) -> FloatArray:
    """Return the part of a line that the picture shows, the nearest piece of it."""
    ahead = projection.visible_reach()
    seen_m = LABEL_REACH_VISIBILITIES * projection.scene.light.visibility_m
    ahead = ahead[ahead <= min(LABEL_REACH_M, seen_m)]
    stations = ahead + projection.scene.camera.station_m
    exists = (stations >= line.start_m) & (stations <= line.end_m)
    points = projection.project(ahead[exists], line.lateral_at(stations[exists]))
    # Extremely near points lie far outside and would need endless resampling.
    height, width = projection.shape
    near = (np.abs(points) < 4 * max(height, width)).all(axis=1)
    if np.count_nonzero(near) < 2:
        return np.zeros((0, 2))
    points = resample_polyline(points[near], spacing=1.0)
    xs, ys = points.T
    shown = (xs >= 0) & (xs <= width - 1) & (ys >= 0) & (ys <= height - 1)
    # Most points lie outside.
    inside = points[shown]
    xs, ys = inside.T
    shown[shown] = (
        (projection.upright_y(inside) - projection.crest_y >= _TOP_MARGIN * height)
        & (ys <= bonnet_rows(projection, xs))
        & (ys <= dashboard_rows(projection, xs))
    )
    starts = np.flatnonzero(shown & ~np.concatenate([[False], shown[:-1]]))
    if len(starts) == 0:
        return np.zeros((0, 2))
    hidden = np.flatnonzero(~shown[starts[0] :])
    end = starts[0] + hidden[0] if len(hidden) else len(points)
    piece = points[starts[0] : end]
    # Over a crest, a rolled camera sees a bend fall again by a hair; a label rises.
    piece = piece[piece[:, 1] <= np.minimum.accumulate(piece[:, 1])]
    # Where a sharp bend falls for longer the label ends: it never jumps.
    jumps = np.flatnonzero(np.hypot(*np.diff(piece, axis=0).T) > _LONGEST_STEP_PX)
    return piece[: jumps[0] + 1] if len(jumps) else piece

"""The lanes of a scene, as the TuSimple benchmark labels them.

Labelled are the markings that bound the driver's own lane and the lanes beside it:
four, or five while the driver crosses one. A label runs through gaps between dashes and
through vehicles, along the middle of a double marking, from the bottom of the picture
(or one's own bonnet) to a little below where the road hides itself.
"""

from collections.abc import Sequence

import numpy as np

from lanedet.ops import resample_polyline
from lanedet.simulation.road import LaneLine
from lanedet.simulation.scene import Scene
from lanedet.simulation.view import SceneView
from lanedet.structures import FloatArray

LABEL_REACH_M = 120.0
"""Farther markings are thinner than a pixel of a dashcam."""

_CROSSING_M = 0.6
_TOP_MARGIN = 0.012
_MIN_EXTENT = 0.04


def scene_lanes(scene: Scene, shape: tuple[int, int]) -> list[FloatArray]:
    """Return the labelled lanes of a scene.

    Args:
        scene: The scene.
        shape: (H, W) of its picture.

    Returns:
        Polylines from left to right, each (N, 2), (x, y) in pixels of the picture and
        inside it, a point about every pixel, from the bottom upwards.
    """
    view = SceneView(scene, shape)
    lines = bounding_lines(scene.road.lines, scene.camera.lateral_m)
    lanes = [_visible_polyline(view, line.lateral_m) for line in lines]
    return [
        lane
        for lane in lanes
        if len(lane) > 1 and np.ptp(lane[:, 1]) >= _MIN_EXTENT * shape[0]
    ]


def bounding_lines(lines: Sequence[LaneLine], lateral_m: float) -> list[LaneLine]:
    """Return the lines that bound a driver's own lane and the lanes beside it.

    Args:
        lines: All lines, from left to right.
        lateral_m: Where the driver is across the road.
    """
    offsets = np.array([line.lateral_m for line in lines]) - lateral_m
    crossed = np.flatnonzero(np.abs(offsets) < _CROSSING_M)
    left = np.flatnonzero(offsets <= -_CROSSING_M)[-2:]
    right = np.flatnonzero(offsets >= _CROSSING_M)[:2]
    return [lines[i] for i in (*left, *crossed, *right)]


def _visible_polyline(view: SceneView, lateral_m: float) -> FloatArray:
    """Return the part of a line that the picture shows, the nearest piece of it."""
    ahead = view.visible_reach()
    points = view.project(ahead[ahead <= LABEL_REACH_M], lateral_m)
    # Extremely near points lie far outside and would need endless resampling.
    height, width = view.shape
    near = (np.abs(points) < 4 * max(height, width)).all(axis=1)
    points = resample_polyline(points[near], spacing=1.0)
    below_crest = view.upright_y(points) - view.crest_y
    xs, ys = points.T
    shown = (
        (xs >= 0)
        & (xs <= width - 1)
        & (ys >= 0)
        & (below_crest >= _TOP_MARGIN * height)
        & (ys <= np.minimum(height - 1, view.bonnet_rows(xs)))
    )
    starts = np.flatnonzero(shown & ~np.concatenate([[False], shown[:-1]]))
    if len(starts) == 0:
        return np.zeros((0, 2))
    hidden = np.flatnonzero(~shown[starts[0] :])
    end = starts[0] + hidden[0] if len(hidden) else len(points)
    piece = points[starts[0] : end]
    # Over a crest, a rolled camera sees a bend fall again by a hair; a label rises.
    return piece[piece[:, 1] <= np.minimum.accumulate(piece[:, 1])]

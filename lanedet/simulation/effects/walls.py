"""Walls along the road: barriers, guard rails, embankments."""

import numpy as np

from lanedet.arrays import ByteArray, FloatArray
from lanedet.simulation.effects.verges import is_crossed
from lanedet.simulation.painting.kernels import TILE_SIZE
from lanedet.simulation.painting.noise import noise_tile
from lanedet.simulation.painting.sketch import Sketch
from lanedet.simulation.projection.projection import NEAREST_M, Projection
from lanedet.simulation.world.scene import Wall

_PIECE_M = 4.0
# Numbers of pieces ahead: equal steps in the picture, about.
_PIECES = np.unique(np.geomspace(1, 80, 40).astype(int)) - 1
_STRIP_M = 2.5  # of a high face
_POST_M, _POST_GAIN, _POST_REACH_M = 0.14, 0.6, 60.0


def paint_walls(image: ByteArray, projection: Projection) -> ByteArray:
    """Paint barriers, guard rails and embankments, piece by piece."""
    sketch = Sketch(projection)
    for wall in projection.scene.surroundings.walls:
        _add_wall(sketch, projection, wall)
    sketch.paint(image)
    return image


def _add_wall(sketch: Sketch, projection: Projection, wall: Wall) -> None:
    """Add the strips of each piece of a wall, then the post at its near end."""
    here = projection.scene.camera.station_m
    pieces = int((here + NEAREST_M) // _PIECE_M) + _PIECES
    aheads = np.maximum(pieces * _PIECE_M - here, NEAREST_M)
    near, stations = aheads[:-1], pieces[:-1] * _PIECE_M
    # A high face is a patchwork of several strips.
    num_strips = 1 + int(wall.top_m / _STRIP_M)
    corners = np.concatenate(
        [_strips(projection, wall, aheads, num_strips), _posts(projection, wall, near)],
        axis=1,
    )
    # A slope lies rather than stands: it is not in its own shadow.
    gain = (
        1.0
        if abs(wall.lean_m) > wall.top_m
        else 1 - 0.45 * projection.scene.light.backlight
    )
    roughness = noise_tile("walls", 0.8)[:num_strips, pieces[:-1] % TILE_SIZE]
    gains = np.full(corners.shape[:2], _POST_GAIN)
    gains[:, :num_strips] = (gain * (1 + wall.roughness * roughness)).T
    is_shown = np.ones(gains.shape, dtype=bool)
    is_shown[:, num_strips] = (wall.post_spacing_m > 0) & (near < _POST_REACH_M)
    if projection.scene.road.crossroad is not None:
        is_shown[[is_crossed(projection, station) for station in stations.tolist()]] = (
            False
        )
    # The farthest first.
    shown = is_shown[::-1]
    distances = np.broadcast_to(near[:, None], gains.shape)[::-1][shown]
    sketch.add_quadrangles(
        corners[::-1][shown], wall.color, distances, gains[::-1][shown]
    )


def _strips(
    projection: Projection, wall: Wall, aheads: FloatArray, num_strips: int
) -> FloatArray:
    """Return the corners of strips between N distances, (N - 1, num_strips, 4, 3)."""
    rises = np.linspace(0, 1, num_strips + 1)
    laterals = _feet(projection, wall, aheads)[:, None] + rises * wall.lean_m
    heights = wall.bottom_m + rises * (wall.top_m - wall.bottom_m)
    corners = np.empty((len(aheads) - 1, num_strips, 4, 3))
    # Near and low, far and low, far and high, near and high.
    corners[:, :, (0, 3), 0] = aheads[:-1, None, None]
    corners[:, :, (1, 2), 0] = aheads[1:, None, None]
    corners[:, :, 0, 1], corners[:, :, 3, 1] = laterals[:-1, :-1], laterals[:-1, 1:]
    corners[:, :, 1, 1], corners[:, :, 2, 1] = laterals[1:, :-1], laterals[1:, 1:]
    corners[:, :, :2, 2], corners[:, :, 2:, 2] = heights[:-1, None], heights[1:, None]
    return corners


def _posts(projection: Projection, wall: Wall, aheads: FloatArray) -> FloatArray:
    """Return the corners of posts of a wall at distances, (N, 1, 4, 3)."""
    corners = np.empty((len(aheads), 1, 4, 3))
    corners[..., 0] = aheads[:, None, None]
    sides = np.array([-_POST_M, _POST_M, _POST_M, -_POST_M]) / 2
    corners[:, 0, :, 1] = _feet(projection, wall, aheads)[:, None] + sides
    corners[..., 2] = np.array([0.0, 0.0, wall.top_m, wall.top_m])
    return corners


def _feet(projection: Projection, wall: Wall, aheads: FloatArray) -> FloatArray:
    """Return the lateral position of a wall's foot at distances."""
    road, stations = projection.scene.road, aheads + projection.scene.camera.station_m
    feet = np.full(len(aheads), wall.lateral_m)
    if wall.lateral_m > road.pavement.right_m:
        return feet + road.edge_shift(1, stations)
    if wall.lateral_m <= road.pavement.left_m:
        return feet + road.edge_shift(-1, stations)
    return feet

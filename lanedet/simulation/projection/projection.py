"""The one projection of a scene, from road coordinates to pixels and back.

The picture and its labels both come from here, so they cannot disagree. Course and
height depend on the distance ahead only, hence every row of the (unrolled) picture
shows one distance, and the way back from pixels to the road is a table over rows.
Yaw is a shear, not a turn, for the same reason: at a few degrees the eye sees none of
it.
"""

from collections.abc import Callable, Sequence
from functools import cached_property, wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from lanedet.arrays import Float32Array, FloatArray
from lanedet.simulation.projection.distortion import (
    check_distortion,
    distort,
    stretch,
    stretch_map,
)
from lanedet.simulation.projection.ground import GroundMap, read_ground, upright_grid
from lanedet.simulation.randomness import seeded, seeded_each, world_numbers
from lanedet.simulation.world.conditions import DASHBOARDS
from lanedet.simulation.world.scene import Scene

NEAREST_M = 0.8
"""The distance of the nearest that is seen: what is nearer lies inside the car."""
FARTHEST_M = 500.0
"""The distance where the road ends and the backdrop begins."""

Result = TypeVar("Result")

_TABLE_STEPS_PER_PX = 4
_LEAST_DEPTH_M = 0.2
_EDGE_PARTS = 12
_WOBBLES = (2, 6)  # the fewest and the most in one picture
# Equal steps in the picture, about: the distances form a geometric series.
_AHEAD_GRID = np.geomspace(NEAREST_M, FARTHEST_M, 900)
_AHEAD_GRID.setflags(write=False)
_NOT_STRETCHED = np.zeros((0, 0), dtype=np.float32)


def focal_length(width: int, fov_rad: float) -> float:
    """Return the focal length, in pixels, of a picture with a field of view."""
    return float(width / 2 / np.tan(fov_rad / 2))


class Projection:
    """A scene seen at a picture size.

    Args:
        scene: What is seen.
        shape: (H, W) of the picture.
    """

    def __init__(self, scene: Scene, shape: tuple[int, int]) -> None:
        self.scene = scene
        self.shape = shape
        height, width = shape
        self.focal = focal_length(width, scene.camera.fov_rad)
        self.center = np.array([(width - 1) / 2, (height - 1) / 2])
        check_distortion(shape, self.focal, scene.camera.distortion)
        if scene.windscreen.dashboard_shape not in DASHBOARDS:
            raise ValueError(
                f"Windscreen.dashboard_shape must be one of {', '.join(DASHBOARDS)}, "
                f"got {scene.windscreen.dashboard_shape!r}."
            )
        # Thousands of polygons are projected: what they share is computed once.
        camera = scene.camera
        cos, sin = np.cos(camera.roll_rad), np.sin(camera.roll_rad)
        self._turn = np.array([[cos, sin], [-sin, cos]])
        self._pitch = np.cos(camera.pitch_rad), np.sin(camera.pitch_rad)
        self._yaw = np.tan(camera.yaw_rad)
        recording = scene.recording
        self._is_rolling = recording.skew != 0 or recording.wobble != 0
        self.ahead_grid = _AHEAD_GRID
        ground_rows = self._to_upright(self.ahead_grid, 0.0, 0.0)
        self._grid_ys = ground_rows[:, 1]
        self._crest_ys = np.minimum.accumulate(self._grid_ys)

    @property
    def horizon_y(self) -> float:
        """The flat horizon's y in the upright frame, relative to the centre."""
        return float(-self.focal * np.tan(self.scene.camera.pitch_rad))

    @property
    def crest_y(self) -> float:
        """The farthest visible ground's y in the upright frame."""
        return float(self._crest_ys[-1])

    def project(
        self,
        ahead_m: FloatArray | float,
        lateral_m: FloatArray | float,
        height_m: FloatArray | float = 0.0,
    ) -> FloatArray:
        """Return the pixels of road points, whether or not they can be seen.

        Args:
            ahead_m: Distance ahead of the camera, any shape, > 0.
            lateral_m: Metres to the right of the reference line.
            height_m: Metres above the road surface.

        Returns:
            (x, y) in pixels of the picture, shape (..., 2).
        """
        upright = self._to_upright(ahead_m, lateral_m, height_m)
        return self._to_pixels(upright)

    def project_visible(
        self,
        ahead_m: FloatArray | float,
        lateral_m: FloatArray | float,
        height_m: FloatArray | float = 0.0,
    ) -> FloatArray:
        """Return the pixels of road points, those behind a crest raised onto it."""
        ahead = np.maximum(ahead_m, NEAREST_M)
        upright = self._to_upright(ahead, lateral_m, height_m)
        crest = np.interp(ahead, self.ahead_grid, self._crest_ys)
        np.minimum(upright[..., 1], crest, out=upright[..., 1])
        return self._to_pixels(upright)

    def project_outline(
        self, ahead_m: FloatArray, lateral_m: FloatArray, height_m: FloatArray
    ) -> FloatArray:
        """Return the pixels of a polygon's outline, as :meth:`project_visible` does.

        Under distortion straight edges are bent, so they are divided into parts.

        Args:
            ahead_m: Distances of the corners, shape (N,).
            lateral_m: Lateral positions of the corners, shape (N,).
            height_m: Heights of the corners, shape (N,).

        Returns:
            (x, y) in pixels, shape (M, 2); M is N without distortion.
        """
        if self.scene.camera.distortion == 0:
            return self.project_visible(ahead_m, lateral_m, height_m)
        corners = np.stack((ahead_m, lateral_m, height_m), axis=1)
        parts = np.linspace(0, 1, _EDGE_PARTS, endpoint=False)[None, :, None]
        steps = np.roll(corners, -1, axis=0) - corners
        places = (corners[:, None] + parts * steps[:, None]).reshape(-1, 3)
        return self.project_visible(places[:, 0], places[:, 1], places[:, 2])

    def project_far(self, directions: FloatArray) -> FloatArray:
        """Return the pixels of what is so far away that only its direction counts.

        Args:
            directions: (right, up) in tangents of the angles from straight ahead at
                the horizon, shape (N, 2).
        """
        upright = directions * (self.focal, -self.focal) + (0, self.horizon_y)
        return self._to_pixels(upright)

    def upright_y(self, points: FloatArray) -> FloatArray:
        """Return the y of pixels (N, 2) in the upright frame."""
        roll, distortion = self.scene.camera.roll_rad, self.scene.camera.distortion
        xs, ys = (points - self.center).T
        if self._is_rolling:
            xs = xs - self.row_shifts(ys)
        upright = ys * np.cos(roll) - xs * np.sin(roll)
        if distortion > 0:
            upright *= stretch((xs**2 + ys**2) / self.focal**2, distortion)
        return np.asarray(upright)

    def rng(self, topic: str) -> np.random.Generator:
        """Return the source of randomness of a topic, of this moment only.

        Each call returns it anew, from its beginning.
        """
        return seeded((*self.scene.seed, self.scene.frame), topic)

    def world_rng(self, topic: str) -> np.random.Generator:
        """Return the source of randomness of what stays put while the camera moves.

        Each call returns it anew, from its beginning.
        """
        return seeded(self.scene.seed, topic)

    def world_rngs(
        self, topic: str, numbers: Sequence[int]
    ) -> list[np.random.Generator]:
        """Return what :meth:`world_rng` does, for each numbered thing of a topic."""
        return seeded_each(self.scene.seed, topic, numbers)

    def world_numbers(self, topic: str) -> tuple[int, ...]:
        """Return four numbers of a topic in [0, 2 ** 32), which place what stays put.

        They cost less than a source of randomness.
        """
        return world_numbers(self.scene.seed, topic)

    def row_shifts(self, vs: FloatArray) -> FloatArray:
        """Return how far the rolling shutter draws rows to the right, in pixels.

        Args:
            vs: Y of the rows from the centre, any shape.
        """
        recording, height = self.scene.recording, self.shape[0]
        phase, waves, *_ = world_numbers(
            (*self.scene.seed, self.scene.frame), "shutter"
        )
        least, most = _WOBBLES
        turns = (least + waves % (most - least + 1)) * vs / height + phase / 2**32
        wobble = recording.wobble * np.sin(2 * np.pi * turns)
        return np.asarray(recording.skew * vs + height * wobble)

    def visible_reach(self) -> FloatArray:
        """Return distances ahead, from the camera to where the ground first hides."""
        hidden = np.flatnonzero(self._grid_ys > self._crest_ys + 1e-9)
        return self.ahead_grid[: hidden[0]] if len(hidden) else self.ahead_grid

    @cached_property
    def upright_ys(self) -> Float32Array:
        """Y of each pixel in the upright frame, (H, W): 0 in the middle."""
        return self._upright_grid[1]

    @cached_property
    def ground(self) -> GroundMap:
        """The ground under each pixel."""
        ys = self.upright_ys
        has_ground = np.flatnonzero(ys.max(axis=1) > self.crest_y - 0.5)
        top_row = int(has_ground[0]) if len(has_ground) else self.shape[0]
        xs, ys = self._upright_grid[0][top_row:], ys[top_row:]
        table = self._ground_table()
        cells = (ys - np.float32(self.crest_y)) * np.float32(_TABLE_STEPS_PER_PX)
        is_bent = self.scene.camera.distortion > 0
        stretched = self._stretch[top_row:] if is_bent else _NOT_STRETCHED
        ahead, lateral, across, along = read_ground(xs, cells, table, stretched)
        return GroundMap(
            top_row=top_row,
            cover=np.clip(ys - np.float32(self.crest_y) + 0.5, 0, 1),
            ahead=ahead,
            lateral=lateral,
            across=across,
            along=along,
        )

    @cached_property
    def _upright_grid(self) -> tuple[Float32Array, Float32Array]:
        """(x, y) of each pixel in the upright frame."""
        height, width = self.shape
        us = (np.arange(width) - self.center[0]).astype(np.float32)
        vs = (np.arange(height) - self.center[1]).astype(np.float32)
        roll = self.scene.camera.roll_rad
        turn = np.float32(np.cos(roll)), np.float32(np.sin(roll))
        is_bent = self.scene.camera.distortion > 0
        stretched = self._stretch if is_bent else _NOT_STRETCHED
        shifts = self._shifts.astype(np.float32)
        xs, ys = upright_grid(us, vs, shifts, stretched, turn)
        return xs, ys

    @cached_property
    def _stretch(self) -> Float32Array:
        """How much farther out each pixel would lie without distortion, (H, W)."""
        distortion = self.scene.camera.distortion
        return stretch_map(self.shape, self.focal, distortion, self._shifts)

    @cached_property
    def _shifts(self) -> FloatArray:
        """How far each row is drawn to the right, (H,) pixels."""
        height = self.shape[0]
        if not self._is_rolling:
            return np.zeros(height)
        return self.row_shifts(np.arange(height) - self.center[1])

    def _ground_table(self) -> Float32Array:
        """Return what depends on the upright row alone, from the crest downwards.

        Returns:
            (N, 4) float32: distance ahead, metres across per pixel, lateral position
            in the middle of the picture, metres along per pixel.
        """
        bottom = float(np.hypot(*self.shape))
        if self.scene.camera.distortion > 0:
            bottom *= float(self._stretch[0, 0])
        is_crest = self._grid_ys <= self._crest_ys
        crest_ys, crest_ahead = self._grid_ys[is_crest], self.ahead_grid[is_crest]
        ys = np.arange(self.crest_y, bottom, 1 / _TABLE_STEPS_PER_PX)
        ahead = np.interp(ys, crest_ys[::-1], crest_ahead[::-1])
        sides = self._to_upright(ahead[:, None], np.array([0.0, 1.0]), 0.0)[..., 0]
        scale = 1 / (sides[:, 1] - sides[:, 0])
        along = np.maximum(np.gradient(ahead) * -_TABLE_STEPS_PER_PX, 1e-3)
        columns = (ahead, scale, -sides[:, 0] * scale, along)
        return np.stack(columns, axis=1).astype(np.float32)

    def _to_upright(
        self,
        ahead: FloatArray | float,
        lateral: FloatArray | float,
        height: FloatArray | float,
    ) -> FloatArray:
        """Project to pixels around the centre, before the roll."""
        camera, road = self.scene.camera, self.scene.road
        right = lateral - camera.lateral_m - self._yaw * ahead
        right = right + road.course.seen_from(camera.station_m, ahead)
        up = height - camera.height_m + road.hills.seen_from(camera.station_m, ahead)
        cos, sin = self._pitch
        # High and near things may lie beside or behind the lens: they stay at its rim.
        depth = np.maximum(ahead * cos - up * sin, _LEAST_DEPTH_M)
        down = -up * cos - ahead * sin
        scale = self.focal / depth
        upright = np.empty((*np.broadcast_shapes(right.shape, scale.shape), 2))
        upright[..., 0] = right * scale
        upright[..., 1] = down * scale
        return upright

    def _to_pixels(self, upright: FloatArray) -> FloatArray:
        turned = upright @ self._turn
        distortion = self.scene.camera.distortion
        if distortion > 0:
            turned = distort(turned, self.focal, distortion)
        if self._is_rolling:
            # A row is a moment, and the camera turns from moment to moment.
            turned = turned.copy()
            turned[..., 0] += self.row_shifts(turned[..., 1])
        return np.asarray(turned + self.center)


def once_per_projection(
    function: Callable[[Projection], Result],
) -> Callable[[Projection], Result]:
    """Make a function remember its result for as long as the projection exists.

    Several effects ask what stands where; the answer must not be changed.
    """
    known: WeakKeyDictionary[Projection, Result] = WeakKeyDictionary()

    @wraps(function)
    def remember(projection: Projection) -> Result:
        if projection not in known:
            known[projection] = function(projection)
        return known[projection]

    return remember

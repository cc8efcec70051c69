"""Many small shapes that stand on a road, painted together.

To project the few corners of one shape takes NumPy as long as to project thousands.
Hence shapes are gathered first, in the order of painting, and all their corners are
projected at once.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from lanedet.arrays import ByteArray, FloatArray
from lanedet.simulation.painting.canvas import fill_polygons
from lanedet.simulation.painting.panels import Panel, panel_polygons
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.world.color import Color

Corners = Sequence[tuple[float, float, float]]
"""The corners of a polygon: (ahead, lateral, height) of each, in metres."""

Brush = Callable[[ByteArray, FloatArray, Color], None]
"""A function that paints into an image, given pixels (N, 2) and the hazed color."""

_EDGE_PARTS = 12


class _Chunk(NamedTuple):
    """Polygons that were gathered, K of them.

    Attributes:
        corners: (ahead, lateral, height) of the corners of all, one polygon after the
            other, (N, 3).
        sizes: Number of corners of each, (K,).
        parts: Into how many parts the edges of each are divided, (K,).
        paints: Color of each, the distance from which one sees it and the light on it,
            (K, 5).
    """

    corners: FloatArray
    sizes: Sequence[int]
    parts: Sequence[int]
    paints: FloatArray


class Sketch:
    """Shapes on the road, in the order of painting.

    Args:
        projection: The scene.
    """

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._chunks: list[_Chunk] = []
        self._num_gathered = 0
        # What was added last; either the panels are empty or the lists below.
        self._panels: list[Panel] = []
        self._corners: list[Sequence[float]] = []
        self._sizes: list[int] = []
        self._parts: list[int] = []
        self._paints: list[tuple[float, float, float, float, float]] = []
        self._brushes: dict[int, Brush] = {}

    def add(
        self, corners: Corners, color: Color, ahead_m: float, gain: float = 1.0
    ) -> None:
        """Add a polygon.

        Args:
            corners: Its corners.
            color: Its color.
            ahead_m: From how far one sees it through haze; 0 for no haze.
            gain: Brightness of the light on it.
        """
        if self._panels:
            self._gather()
        self._corners.extend(corners)
        self._sizes.append(len(corners))
        self._parts.append(1)
        self._paints.append((*color, ahead_m, gain))

    def add_quadrangles(
        self,
        corners: FloatArray,
        color: Color,
        aheads_m: FloatArray,
        gains: FloatArray,
    ) -> None:
        """Add polygons of one color and of four corners each.

        Args:
            corners: Their corners, shape (K, 4, 3).
            color: Their color.
            aheads_m: See :meth:`add`, shape (K,).
            gains: See :meth:`add`, shape (K,).
        """
        number = len(corners)
        if number == 0:
            return
        self._gather()
        paints = np.empty((number, 5))
        paints[:, :3], paints[:, 3], paints[:, 4] = color, aheads_m, gains
        self._append(corners.reshape(-1, 3), [4] * number, [1] * number, paints)

    def add_panel(self, panel: Panel) -> None:
        """Add the polygons of a panel."""
        if self._corners:
            self._gather()
        self._panels.append(panel)

    def add_large(
        self, corners: Corners, color: Color, ahead_m: float, gain: float = 1.0
    ) -> None:
        """Add a polygon whose straight edges a distorting lens shows bent."""
        self.add(corners, color, ahead_m, gain)
        if self._projection.scene.camera.distortion > 0:
            self._parts[-1] = _EDGE_PARTS

    def add_brush(
        self, brush: Brush, corners: Corners, color: Color, ahead_m: float
    ) -> None:
        """Add what a function paints, with the color that is seen through haze."""
        self.add(corners, color, ahead_m)
        self._brushes[self._num_gathered + len(self._sizes) - 1] = brush

    def paint(self, image: ByteArray) -> None:
        """Paint all shapes, in place."""
        self._gather()
        if not self._chunks:
            return
        corners, sizes, parts, paints = (
            np.concatenate(column) for column in zip(*self._chunks, strict=True)
        )
        if (parts > 1).any():
            corners = divide_edges(corners, sizes, parts)
        points = self._projection.project_visible(*corners.T)
        ends = np.cumsum(sizes * parts)
        colors = self._seen_colors(paints)
        first = 0
        for number in (*self._brushes, len(sizes)):
            if first < number:
                # What lies between two brushes is polygons.
                start = ends[first - 1] if first else 0
                between = points[start : ends[number - 1]]
                fill_polygons(
                    image, between, ends[first:number] - start, colors[first:number]
                )
            if number < len(sizes):
                corner = ends[number - 1] if number else 0
                brush = self._brushes[number]
                brush(image, points[corner : ends[number]], colors[number])
            first = number + 1

    def _gather(self) -> None:
        """Make arrays of what was added last."""
        if self._panels:
            corners, sizes, paints = panel_polygons(self._panels)
            self._append(corners, sizes, [1] * len(sizes), paints)
            self._panels = []
        if self._corners:
            loose = np.array(self._corners), np.array(self._paints)
            self._append(loose[0], self._sizes, self._parts, loose[1])
            self._corners, self._sizes, self._parts, self._paints = [], [], [], []

    def _append(
        self,
        corners: FloatArray,
        sizes: Sequence[int],
        parts: Sequence[int],
        paints: FloatArray,
    ) -> None:
        self._chunks.append(_Chunk(corners, sizes, parts, paints))
        self._num_gathered += len(sizes)

    def _seen_colors(self, paints: FloatArray) -> list[Color]:
        """Return the colors of all shapes, lit and through haze."""
        light = self._projection.scene.light
        lit = np.minimum(paints[:, :3] * paints[:, 4:], 255.0)
        clear = np.exp(np.maximum(paints[:, 3:4], 0.0) / -light.visibility_m)
        seen: list[Color] = (lit + (light.horizon_color - lit) * (1 - clear)).tolist()
        return seen


def upright(
    ahead_m: float, laterals_m: tuple[float, float], heights_m: tuple[float, float]
) -> Corners:
    """Return the corners of an upright rectangle that faces the camera."""
    (left, right), (bottom, top) = laterals_m, heights_m
    return (
        (ahead_m, left, bottom),
        (ahead_m, right, bottom),
        (ahead_m, right, top),
        (ahead_m, left, top),
    )


def divide_edges(
    corners: FloatArray, sizes: np.ndarray, parts: np.ndarray
) -> FloatArray:
    """Return polygons with their edges divided.

    Args:
        corners: Corners of all polygons, one after the other, shape (N, D).
        sizes: Number of corners of each polygon, shape (K,).
        parts: Into how many parts its edges are divided, shape (K,).

    Returns:
        The corners and what lies between, shape (M, D).

    Example:
        >>> line = np.array([[0.0], [2.0], [8.0]])
        >>> divide_edges(line, np.array([3]), np.array([2])).ravel()
        array([0., 1., 2., 5., 8., 4.])
    """
    ends = np.cumsum(sizes)
    following = np.arange(1, len(corners) + 1)
    following[ends - 1] = ends - sizes
    of_corner = np.repeat(parts, sizes)
    part = np.arange(of_corner.sum())
    part -= np.repeat(np.cumsum(of_corner) - of_corner, of_corner)
    share = part / np.repeat(of_corner, of_corner)
    steps = np.repeat(corners[following] - corners, of_corner, axis=0)
    return np.repeat(corners, of_corner, axis=0) + share[:, None] * steps

"""Many small shapes that stand on a road, painted together.

To project the few corners of one shape takes NumPy as long as to project thousands.
Hence shapes are gathered first, in the order of painting, and all their corners are
projected at once.
"""

from collections.abc import Callable, Sequence

import numpy as np

from lanedet.simulation.canvas import fill_polygons
from lanedet.simulation.scene import Color
from lanedet.simulation.view import SceneView
from lanedet.structures import ByteArray, FloatArray

Corners = Sequence[tuple[float, float, float]]
"""(ahead, lateral, height) of each corner in metres."""

Brush = Callable[[ByteArray, FloatArray, Color], None]
"""Paints into an image, given the corners' pixels (N, 2) and the hazed colour."""

_EDGE_PARTS = 12


class Sketch:
    """Shapes on the road, in the order of painting.

    Args:
        view: The scene.
    """

    def __init__(self, view: SceneView) -> None:
        self._view = view
        self._corners: list[Sequence[float]] = []
        self._chunks: list[FloatArray] = []
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
            color: Its colour.
            ahead_m: From how far one sees it through haze; 0 for no haze.
            gain: Brightness of the light on it.
        """
        self._corners.extend(corners)
        self._sizes.append(len(corners))
        self._parts.append(1)
        self._paints.append((*color, ahead_m, gain))

    def add_group(
        self,
        corners: FloatArray,
        sizes: Sequence[int],
        colors: Sequence[Color],
        ahead_m: float,
        gain: float,
    ) -> None:
        """Add polygons that are lit and seen alike.

        Args:
            corners: Their corners, one polygon after the other, shape (N, 3).
            sizes: Number of corners of each.
            colors: The colour of each.
            ahead_m: See :meth:`add`.
            gain: See :meth:`add`.
        """
        self._gather()
        self._chunks.append(corners)
        self._sizes.extend(sizes)
        self._parts.extend([1] * len(sizes))
        self._paints.extend([(*color, ahead_m, gain) for color in colors])

    def add_large(
        self, corners: Corners, color: Color, ahead_m: float, gain: float = 1.0
    ) -> None:
        """Add a polygon whose straight edges a distorting lens shows bent."""
        self.add(corners, color, ahead_m, gain)
        if self._view.scene.camera.distortion > 0:
            self._parts[-1] = _EDGE_PARTS

    def add_brush(
        self, brush: Brush, corners: Corners, color: Color, ahead_m: float
    ) -> None:
        """Add what a function paints, with the colour that is seen through haze."""
        self._brushes[len(self._sizes)] = brush
        self.add(corners, color, ahead_m)

    def paint(self, image: ByteArray) -> None:
        """Paint all shapes, in place."""
        if not self._sizes:
            return
        self._gather()
        corners = np.concatenate(self._chunks)
        sizes, parts = np.array(self._sizes), np.array(self._parts)
        if (parts > 1).any():
            corners = divide_edges(corners, sizes, parts)
        points = self._view.project_visible(*corners.T)
        ends = np.cumsum(sizes * parts)
        colors = self._seen_colors()
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
        """Make one array of the corners that were added one by one."""
        if self._corners:
            self._chunks.append(np.array(self._corners))
            self._corners = []

    def _seen_colors(self) -> list[Color]:
        """Return the colours of all shapes, lit and through haze."""
        light = self._view.scene.light
        paints = np.array(self._paints)
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

"""Upright panels: the faces and flanks of vehicles, drawn in unit squares."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.simulation.world.color import Color
from lanedet.simulation.world.outline import Outline

Paint = Color | float
"""A color, or the brightness of a part in the vehicle's own color."""

_WAIST = 0.62
"""The share of a car's height from which its body leans inwards."""


@dataclass(frozen=True)
class Design:
    """The polygons of a panel: K in the unit square, in the order of painting.

    Attributes:
        places: Their corners one after the other, from :func:`unit_places`.
        sizes: How many corners each has.
        colors: The color of each, (K, 3).
        gains: Where it is not 0, the brightness of a polygon in the vehicle's own
            color, which it has instead, (K,).
    """

    places: FloatArray
    sizes: list[int]
    colors: FloatArray
    gains: FloatArray


def make_design(shapes: Sequence[tuple[Outline, Paint]]) -> Design:
    """Return the design of some outlines, of which some may be empty."""
    drawn = [(outline, paint) for outline, paint in shapes if outline]
    colors = [(0.0,) * 3 if isinstance(paint, float) else paint for _, paint in drawn]
    return Design(
        places=unit_places([place for outline, _ in drawn for place in outline]),
        sizes=[len(outline) for outline, _ in drawn],
        colors=np.array(colors),
        gains=np.array([p if isinstance(p, float) else 0.0 for _, p in drawn]),
    )


@dataclass(frozen=True)
class Panel:
    """A unit square that stands on the road, leaning away above a car's waist.

    Attributes:
        design: What is painted on it.
        color: The vehicle's own color.
        lateral_m: Lateral position of its lower left, or near, corner.
        ahead_m: Distance of that corner.
        size_m: (across, along, up) from that corner to the opposite one.
        lean_m: (across, along) by which its upper edge is moved.
        gain: Brightness of the light on it.
    """

    design: Design
    color: Color
    lateral_m: float
    ahead_m: float
    size_m: tuple[float, float, float]
    lean_m: tuple[float, float]
    gain: float


def panel_corners(panels: Sequence[Panel], units: Sequence[FloatArray]) -> FloatArray:
    """Return where places in the unit squares of panels are.

    Args:
        panels: The panels.
        units: The places in each, from :func:`unit_places`, (N, 3).

    Returns:
        (ahead, lateral, height) in metres of all places, one panel after the other.
    """
    xs, ys, lean = np.concatenate(units).T
    numbers = np.array(
        [
            (panel.ahead_m, panel.lateral_m, *panel.size_m, *panel.lean_m)
            for panel in panels
        ]
    )
    counts = [len(unit) for unit in units]
    ahead, lateral, across, along, up, lean_across, lean_along = np.repeat(
        numbers.T, counts, axis=1
    )
    corners = np.empty((len(xs), 3))
    corners[:, 0] = ahead + xs * along + lean * lean_along
    corners[:, 1] = lateral + xs * across + lean * lean_across
    corners[:, 2] = ys * up
    return corners


def unit_places(places: Sequence[tuple[float, float]]) -> FloatArray:
    """Return places in a unit square with how far each leans, (N, 3)."""
    xs, ys = np.array(places).T
    lean = np.minimum(np.maximum((ys - _WAIST) / (1 - _WAIST), 0), 1)
    return np.stack([xs, ys, lean], axis=1)


def panel_polygons(
    panels: Sequence[Panel],
) -> tuple[FloatArray, list[int], FloatArray]:
    """Return the polygons of panels, in the order of painting.

    Returns:
        Corners (ahead, lateral, height) of all, shape (N, 3); how many corners each
        of the K polygons has; and of each its color, the distance of its panel and
        the light on it, (K, 5).
    """
    designs = [panel.design for panel in panels]
    sizes = [size for design in designs for size in design.sizes]
    counts = [len(design.sizes) for design in designs]
    looks = np.array([(*panel.color, panel.ahead_m, panel.gain) for panel in panels])
    paints = np.repeat(looks, counts, axis=0)
    colors = np.concatenate([design.colors for design in designs])
    gains = np.concatenate([design.gains for design in designs])[:, None]
    own = np.minimum(paints[:, :3] * gains, 255.0)
    paints[:, :3] = np.where(gains > 0, own, colors)
    corners = panel_corners(panels, [design.places for design in designs])
    return corners, sizes, paints

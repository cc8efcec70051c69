"""Houses beside the road: their faces by day, their lit windows by night."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lanedet.arrays import ByteArray, FloatArray
from lanedet.simulation.effects.verges import CELL_M, cells_ahead, verge_edge
from lanedet.simulation.painting.canvas import fill_polygons
from lanedet.simulation.painting.sketch import Sketch, upright
from lanedet.simulation.projection.projection import Projection, once_per_projection
from lanedet.simulation.world.color import Color, mix, shade

_FLOOR_M = 3.2
_WINDOW_M = 1.5
_PANE_M = 2.2
_ACROSS = np.array([0.25, 1, 1, 0.25]) * (_PANE_M - 0.25)
LIT_SHARE = 0.22
"""The share of windows that are lit at night."""
_LIT_GAIN = (0.3, 0.85)
_LIT_COLORS = np.array([(255, 206, 140), (255, 224, 176), (226, 236, 255)], float)
"""The colors of lamps: incandescent, warm white, and the white of offices."""
_BLACK: Color = (0, 0, 0)


@dataclass(frozen=True)
class House:
    """A house whose face is upright and turned to the camera.

    Attributes:
        station_m: Where its face stands along the road.
        laterals_m: Left and right edge of the face.
        height_m: Height of its roof.
        color: Color of its face.
        number: Names it in its world.
    """

    station_m: float
    laterals_m: tuple[float, float]
    height_m: float
    color: Color
    number: int

    @property
    def floors(self) -> FloatArray:
        """Heights of the lower edges of its rows of windows, shape (N,)."""
        return np.arange(2.0, self.height_m - _WINDOW_M, _FLOOR_M)

    @property
    def glass_m(self) -> tuple[float, float]:
        """Left and right edge of its rows of windows."""
        return self.laterals_m[0] + 1.0, self.laterals_m[1] - 1.0


@once_per_projection
def houses_ahead(projection: Projection) -> list[House]:
    """Return the houses on both sides, the farthest first."""
    density = projection.scene.surroundings.building_density
    if density == 0:
        return []
    places = [(cell, side) for cell, _ in cells_ahead(projection) for side in (-1, 1)]
    numbers = [house_number(cell, side) for cell, side in places]
    generators = projection.world_rngs("houses", numbers)
    return [
        _house(projection, cell, side, rng)
        for (cell, side), rng in zip(places, generators, strict=True)
        if rng.random() <= density
    ]


def house_number(cell: int, side: int) -> int:
    """Return the number of the house on a piece, on the left (-1) or the right (1)."""
    return 2 * cell + (side > 0)


def _house(
    projection: Projection, cell: int, side: int, rng: np.random.Generator
) -> House:
    station_m = cell * CELL_M
    edge = verge_edge(projection, side, station_m - projection.scene.camera.station_m)
    inner = edge + side * rng.uniform(14, 60)
    outer = inner + side * rng.uniform(10, 30)
    height = float(rng.uniform(5, 30))
    color = mix((165, 155, 140), (120, 125, 135), rng.uniform())
    laterals = (min(inner, outer), max(inner, outer))
    return House(station_m, laterals, height, color, house_number(cell, side))


def add_house(sketch: Sketch, projection: Projection, house: House) -> None:
    """Add a house, a face with a band of windows on each floor, to a sketch."""
    ahead = house.station_m - projection.scene.camera.station_m
    gain = projection.scene.light.facing_gain
    face = upright(ahead, house.laterals_m, (0, house.height_m))
    sketch.add_large(face, house.color, ahead, gain)
    glass = shade(house.color, 0.55)
    for floor in house.floors.tolist():
        band = upright(ahead, house.glass_m, (floor, floor + _WINDOW_M))
        sketch.add_large(band, glass, ahead, gain)


def face_pixels(projection: Projection, house: House) -> FloatArray:
    """Return the corners of a house's face in pixels, (4, 2)."""
    ahead = house.station_m - projection.scene.camera.station_m
    corners = np.array(upright(ahead, house.laterals_m, (0, house.height_m)))
    return projection.project_visible(*corners.T)


def light_windows(
    glow: ByteArray,
    projection: Projection,
    screens: Sequence[tuple[float, FloatArray]] = (),
) -> None:
    """Draw the windows behind which lamps burn, in place.

    Args:
        glow: Light of lamps, which faces and screens hide.
        projection: The scene.
        screens: What else stands there: distances and outlines in pixels.
    """
    things = _lit_fronts(projection)
    things += [(ahead, [outline], [_BLACK]) for ahead, outline in screens]
    if not things:
        return
    things.sort(key=lambda thing: -thing[0])
    drawn = [outline for _, outlines, _ in things for outline in outlines]
    colors = [color for _, _, colors in things for color in colors]
    ends = np.cumsum([len(outline) for outline in drawn])
    fill_polygons(glow, np.concatenate(drawn), ends, colors)


def _lit_fronts(
    projection: Projection,
) -> list[tuple[float, list[FloatArray], list[Color]]]:
    """Return the faces of houses with their lit windows before them.

    Returns:
        Distance of each, outlines in pixels, (4, 2) each, and the colors of their
        light.
    """
    houses = houses_ahead(projection)
    if not houses:
        return []
    here = projection.scene.camera.station_m
    aheads = [house.station_m - here for house in houses]
    generators = projection.world_rngs("windows", [h.number for h in houses])
    places = zip(houses, aheads, generators, strict=True)
    fronts, lamps = zip(*(_lit_front(*place) for place in places), strict=True)
    # One projection, and one mixing of colors, cost little more than a house's.
    corners = np.concatenate(fronts)
    pixels = projection.project_visible(*corners.reshape(-1, 3).T).reshape(-1, 4, 2)
    counts = [len(front) for front in fronts]
    ends = np.cumsum(counts)
    clear = [math.exp(-ahead / projection.scene.light.visibility_m) for ahead in aheads]
    colors = light_colors(np.concatenate(lamps), np.repeat(clear, counts))
    colors[ends - counts] = _BLACK
    outlines, lights = (np.split(each, ends[:-1]) for each in (pixels, colors))
    return [
        (ahead, list(own), light.tolist())
        for ahead, own, light in zip(aheads, outlines, lights, strict=True)
    ]


def _lit_front(
    house: House, ahead: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return a house's face and its lit windows before it.

    Returns:
        Corners (ahead, lateral, height), (N, 4, 3), and draws of the N lamps, see
        :func:`light_colors`; the first stands for the face and means nothing.
    """
    left, right = house.glass_m
    panes = np.arange(left, right - _PANE_M, _PANE_M)
    floors = house.floors
    draws = rng.uniform(size=(len(floors), len(panes), 3))
    rows, columns = np.nonzero(draws[..., 0] < LIT_SHARE)
    corners = np.empty((1 + len(rows), 4, 3))
    corners[..., 0] = ahead
    corners[0] = upright(ahead, house.laterals_m, (0, house.height_m))
    corners[1:, :, 1] = panes[columns, None] + _ACROSS
    corners[1:, :, 2] = floors[rows, None] + np.array([0.0, 0.0, _WINDOW_M, _WINDOW_M])
    lamps = np.zeros((len(corners), 2))
    lamps[1:] = draws[rows, columns, 1:]
    return corners, lamps


def light_colors(lamps: FloatArray, clear: FloatArray | float) -> FloatArray:
    """Return the colors of windows' lamps, (N, 3).

    Args:
        lamps: (N, 2): which color each has, in [0, 1), how bright it is, in [0, 1].
        clear: Share of their light that haze lets through, (N,) or one for all.
    """
    low, high = _LIT_GAIN
    hues, gains = lamps.T
    colors = _LIT_COLORS[(hues * len(_LIT_COLORS)).astype(int)]
    light = clear * (low + (high - low) * gains)
    return np.minimum(colors * light[:, None], 255.0)

"""Houses beside the road: their faces by day, their lit windows by night."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lanedet.simulation.canvas import fill_polygons, mix, shade
from lanedet.simulation.randomness import seeded_each
from lanedet.simulation.scene import Color
from lanedet.simulation.sketch import Sketch, upright
from lanedet.simulation.verges import CELL_M, cells_ahead, verge_edge
from lanedet.simulation.view import SceneView, once_per_view
from lanedet.structures import ByteArray, FloatArray

_FLOOR_M = 3.2
_WINDOW_M = 1.5
_PANE_M = 2.2
LIT_SHARE = 0.22
"""Of windows, at night."""
_LIT_GAIN = (0.3, 0.85)
_LIT_COLORS: tuple[Color, ...] = ((255, 206, 140), (255, 224, 176), (226, 236, 255))
"""Incandescent, warm white, and the white of offices."""
_BLACK: Color = (0, 0, 0)


@dataclass(frozen=True)
class House:
    """A house whose face is upright and turned to the camera.

    Attributes:
        station_m: Where its face stands along the road.
        laterals_m: Left and right edge of the face.
        height_m: Height of its roof.
        color: Colour of its face.
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


@once_per_view
def houses_ahead(view: SceneView) -> list[House]:
    """Return the houses on both sides, the farthest first."""
    density = view.scene.surroundings.building_density
    if density == 0:
        return []
    places = [(cell, side) for cell, _ in cells_ahead(view) for side in (-1, 1)]
    numbers = [house_number(cell, side) for cell, side in places]
    generators = seeded_each((*view.scene.seed, 78), numbers)
    return [
        _house(view, cell, side, rng)
        for (cell, side), rng in zip(places, generators, strict=True)
        if rng.random() <= density
    ]


def house_number(cell: int, side: int) -> int:
    """Return the number of the house on a piece, on the left (-1) or the right (1)."""
    return 2 * cell + (side > 0)


def _house(view: SceneView, cell: int, side: int, rng: np.random.Generator) -> House:
    station_m = cell * CELL_M
    edge = verge_edge(view, side, station_m - view.scene.camera.station_m)
    inner = edge + side * rng.uniform(14, 60)
    outer = inner + side * rng.uniform(10, 30)
    height = float(rng.uniform(5, 30))
    color = mix((165, 155, 140), (120, 125, 135), rng.uniform())
    laterals = (min(inner, outer), max(inner, outer))
    return House(station_m, laterals, height, color, house_number(cell, side))


def add_house(sketch: Sketch, view: SceneView, house: House) -> None:
    """Add a house, a face with a band of windows on each floor, to a sketch."""
    ahead = house.station_m - view.scene.camera.station_m
    gain = view.scene.light.facing_gain
    face = upright(ahead, house.laterals_m, (0, house.height_m))
    sketch.add_large(face, house.color, ahead, gain)
    glass = shade(house.color, 0.55)
    for floor in house.floors.tolist():
        band = upright(ahead, house.glass_m, (floor, floor + _WINDOW_M))
        sketch.add_large(band, glass, ahead, gain)


def face_pixels(view: SceneView, house: House) -> FloatArray:
    """Return the corners of a house's face in pixels, (4, 2)."""
    ahead = house.station_m - view.scene.camera.station_m
    corners = np.array(upright(ahead, house.laterals_m, (0, house.height_m)))
    return view.project_visible(*corners.T)


def light_windows(
    glow: ByteArray,
    view: SceneView,
    screens: Sequence[tuple[float, FloatArray]] = (),
) -> None:
    """Draw the windows behind which lamps burn, in place.

    Args:
        glow: Light of lamps, which faces and screens hide.
        view: The scene.
        screens: What else stands there: distances and outlines in pixels.
    """
    here = view.scene.camera.station_m
    houses = houses_ahead(view)
    things = [(ahead, [outline], [_BLACK]) for ahead, outline in screens]
    if houses:
        generators = seeded_each(
            (*view.scene.seed, 79), [house.number for house in houses]
        )
        fronts, lights = zip(
            *(
                _lit_front(view, house, rng)
                for house, rng in zip(houses, generators, strict=True)
            ),
            strict=True,
        )
        # One projection of all costs little more than that of one.
        corners = np.concatenate(fronts)
        pixels = view.project_visible(*corners.reshape(-1, 3).T).reshape(-1, 4, 2)
        ends = np.cumsum([len(front) for front in fronts])
        outlines = np.split(pixels, ends[:-1])
        things = [
            (house.station_m - here, list(those), colors)
            for house, those, colors in zip(houses, outlines, lights, strict=True)
        ] + things
    if not things:
        return
    things.sort(key=lambda thing: -thing[0])
    drawn = [outline for _, outlines, _ in things for outline in outlines]
    colors = [color for _, _, colors in things for color in colors]
    ends = np.cumsum([len(outline) for outline in drawn])
    fill_polygons(glow, np.concatenate(drawn), ends, colors)


def _lit_front(
    view: SceneView, house: House, rng: np.random.Generator
) -> tuple[FloatArray, list[Color]]:
    """Return a house's face and its lit windows before it.

    Returns:
        Corners (ahead, lateral, height), (N, 4, 3), and the N colours of their light.
    """
    ahead = house.station_m - view.scene.camera.station_m
    face = np.array([upright(ahead, house.laterals_m, (0, house.height_m))])
    left, right = house.glass_m
    panes = np.arange(left, right - _PANE_M, _PANE_M)
    floors = house.floors
    draws = rng.uniform(size=(len(floors), len(panes), 3))
    rows, columns = np.nonzero(draws[..., 0] < LIT_SHARE)
    sides = panes[columns, None] + np.array([0.25, 1, 1, 0.25]) * (_PANE_M - 0.25)
    heights = floors[rows, None] + np.array([0.0, 0.0, _WINDOW_M, _WINDOW_M])
    windows = np.stack([np.full_like(sides, ahead), sides, heights], axis=-1)
    clear = math.exp(-ahead / view.scene.light.visibility_m)
    colors = [
        light_color(hue, gain, clear) for _, hue, gain in draws[rows, columns].tolist()
    ]
    return np.concatenate([face, windows]), [_BLACK, *colors]


def light_color(hue: float, gain: float, clear: float) -> Color:
    """Return the colour of a window's lamp.

    Args:
        hue: Which colour, in [0, 1).
        gain: How bright, in [0, 1].
        clear: Share of light that haze lets through.
    """
    low, high = _LIT_GAIN
    color = _LIT_COLORS[int(hue * len(_LIT_COLORS))]
    return shade(color, clear * (low + (high - low) * gain))

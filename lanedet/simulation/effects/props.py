"""Things on and beside the road: cones, barriers, crossing cars, people."""

from collections.abc import Callable

import numpy as np

from lanedet.arrays import ByteArray
from lanedet.simulation.effects.vehicles import (
    add_vehicle,
    flank_design,
    is_beyond,
    visible_vehicles,
)
from lanedet.simulation.painting.panels import Panel
from lanedet.simulation.painting.sketch import Sketch
from lanedet.simulation.projection.projection import NEAREST_M, Projection
from lanedet.simulation.world.color import Color
from lanedet.simulation.world.scene import Prop, Vehicle
from lanedet.simulation.world.vehicle_bodies import BODIES

_FARTHEST_M = 160.0
_ORANGE: Color = (228, 92, 38)
_WHITE: Color = (226, 226, 222)
_RED: Color = (190, 38, 36)
_YELLOW: Color = (236, 186, 40)
_FOOT: Color = (48, 46, 46)
_TROUSERS: Color = (44, 46, 58)
_UNDER_FEET: Color = (40, 40, 42)
_SKIN: Color = (150, 112, 90)


def paint_traffic(image: ByteArray, projection: Projection) -> ByteArray:
    """Paint what drives and what stands on the road, the farthest first."""
    here = projection.scene.camera.station_m
    aheads = [(prop, prop.station_m - here) for prop in projection.scene.props]
    things: list[tuple[Prop | Vehicle, float]] = [
        pair for pair in aheads if 2 * NEAREST_M < pair[1] < _FARTHEST_M
    ]
    things += [
        pair
        for pair in visible_vehicles(projection)
        if not is_beyond(projection, pair[0])
    ]
    sketch = Sketch(projection)
    for thing, ahead in sorted(things, key=lambda pair: -pair[1]):
        if isinstance(thing, Vehicle):
            add_vehicle(sketch, projection, thing, ahead)
        else:
            PROPS[thing.kind](sketch, thing, ahead)
    sketch.paint(image)
    return image


def _slab(
    sketch: Sketch,
    prop: Prop,
    ahead: float,
    half_widths: tuple[float, float],
    heights: tuple[float, float],
    color: Color,
    gain: float = 1.0,
) -> None:
    """Add an upright trapezium: half its width and its height, below and above."""
    (wide, narrow), (bottom, top), middle = half_widths, heights, prop.lateral_m
    corners = (
        (ahead, middle - wide, bottom),
        (ahead, middle + wide, bottom),
        (ahead, middle + narrow, top),
        (ahead, middle - narrow, top),
    )
    sketch.add(corners, color, ahead, gain)


def _add_cone(sketch: Sketch, prop: Prop, ahead: float) -> None:
    _slab(sketch, prop, ahead, (0.2, 0.2), (0.0, 0.04), _FOOT)
    for low, high, color in (
        (0.04, 0.72, _ORANGE),
        (0.24, 0.36, _WHITE),
        (0.46, 0.56, _WHITE),
    ):
        halves = (0.15 * (1 - low / 0.8), 0.15 * (1 - high / 0.8))
        _slab(sketch, prop, ahead, halves, (low, high), color)


def _add_barrel(sketch: Sketch, prop: Prop, ahead: float) -> None:
    _slab(sketch, prop, ahead, (0.36, 0.36), (0.0, 0.08), _FOOT)
    for step in range(5):
        color = _WHITE if step % 2 else _ORANGE
        low = 0.08 + 0.19 * step
        _slab(sketch, prop, ahead, (0.28, 0.27), (low, low + 0.19), color)


def _add_barrier(sketch: Sketch, prop: Prop, ahead: float) -> None:
    """Add a plastic barrier filled with water, red or white."""
    color = _RED if int(prop.station_m) % 2 else _WHITE
    _slab(sketch, prop, ahead, (0.75, 0.55), (0.0, 0.35), color, 0.85)
    _slab(sketch, prop, ahead, (0.55, 0.5), (0.35, 0.85), color)


def _add_board(sketch: Sketch, prop: Prop, ahead: float) -> None:
    """Add a board with an arrow of chevrons, on two legs."""
    _slab(sketch, prop, ahead, (0.6, 0.6), (0.0, 1.0), _FOOT)
    _slab(sketch, prop, ahead, (0.95, 0.95), (0.9, 2.1), _YELLOW)
    for middle in (-0.5, 0.0, 0.5):
        chevron = (
            (-0.2, 1.5), (0.0, 1.9), (0.18, 1.9), (-0.02, 1.5), (0.18, 1.1), (0.0, 1.1)
        )  # fmt: skip
        left = prop.lateral_m + middle
        corners = [(ahead, left + across, height) for across, height in chevron]
        sketch.add(corners, _FOOT, ahead)


def _add_car_across(sketch: Sketch, prop: Prop, ahead: float) -> None:
    """Add a car that crosses the road, from its side."""
    _add_across(sketch, prop, ahead, "saloon")


def _add_van_across(sketch: Sketch, prop: Prop, ahead: float) -> None:
    """Add a van that crosses the road, from its side."""
    _add_across(sketch, prop, ahead, "van")


def _add_across(sketch: Sketch, prop: Prop, ahead: float, kind: str) -> None:
    body = BODIES[kind]
    half = body.length_m / 2
    _add_shadow(sketch, prop, ahead, (-0.3, body.width_m, half), (24, 24, 25))
    panel = Panel(
        design=flank_design(kind),
        color=prop.color,
        lateral_m=prop.lateral_m - half,
        ahead_m=ahead,
        size_m=(body.length_m, 0.0, body.height_m),
        lean_m=(0.0, body.side_lean_m),
        gain=0.9,
    )
    sketch.add_panel(panel)


def _add_walker(sketch: Sketch, prop: Prop, ahead: float) -> None:
    """Add somebody who walks: two legs, a coat, a head."""
    stride = 0.12 + 0.14 * (int(prop.station_m * 7) % 3)
    _add_shadow(sketch, prop, ahead, (-0.15, 0.2, 0.35), _UNDER_FEET)
    for foot in (-stride, stride):
        hip = prop.lateral_m
        corners = (
            (ahead, hip + foot - 0.07, 0.0),
            (ahead, hip + foot + 0.07, 0.0),
            (ahead, hip + 0.1, 0.85),
            (ahead, hip - 0.1, 0.85),
        )
        sketch.add(corners, _TROUSERS, ahead)
    _slab(sketch, prop, ahead, (0.22, 0.25), (0.75, 1.45), prop.color)
    _add_head(sketch, prop, ahead, 1.6)


def _add_cyclist(sketch: Sketch, prop: Prop, ahead: float) -> None:
    """Add somebody on a bicycle, from behind."""
    _add_shadow(sketch, prop, ahead, (-0.15, 0.2, 0.4), _UNDER_FEET)
    _slab(sketch, prop, ahead, (0.04, 0.04), (0.0, 0.7), _FOOT)
    for side in (-0.13, 0.13):
        leg = Prop(prop.kind, prop.station_m, prop.lateral_m + side)
        _slab(sketch, leg, ahead, (0.06, 0.08), (0.25, 0.95), _TROUSERS)
    _slab(sketch, prop, ahead, (0.2, 0.25), (0.9, 1.5), prop.color)
    _slab(sketch, prop, ahead, (0.3, 0.3), (1.0, 1.04), _FOOT)
    _add_head(sketch, prop, ahead, 1.62)


def _add_shadow(
    sketch: Sketch,
    prop: Prop,
    ahead: float,
    reach_m: tuple[float, float, float],
    color: Color,
) -> None:
    """Add the dark place under a thing: how far it goes near, far and to each side."""
    near, far, side = reach_m
    middle = prop.lateral_m
    corners = (
        (ahead + near, middle - side, 0.0),
        (ahead + near, middle + side, 0.0),
        (ahead + far, middle + side, 0.0),
        (ahead + far, middle - side, 0.0),
    )
    sketch.add(corners, color, ahead)


def _add_head(sketch: Sketch, prop: Prop, ahead: float, height_m: float) -> None:
    angles = np.linspace(0, 2 * np.pi, 9)[:-1]
    xs = prop.lateral_m + 0.1 * np.cos(angles)
    ys = height_m + 0.13 * np.sin(angles)
    corners = [(ahead, x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]
    sketch.add(corners, _SKIN, ahead)


PROPS: dict[str, Callable[[Sketch, Prop, float], None]] = {
    "cone": _add_cone,
    "barrel": _add_barrel,
    "barrier": _add_barrier,
    "board": _add_board,
    "car_across": _add_car_across,
    "van_across": _add_van_across,
    "walker": _add_walker,
    "cyclist": _add_cyclist,
}
"""The function that adds a prop to a sketch, by its kind."""

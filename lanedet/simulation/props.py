"""What stands on or beside the road: cones, barriers, crossing cars, people."""

from collections.abc import Callable, Sequence

import numpy as np

from lanedet.simulation.bodies import BODIES, Body, Outline
from lanedet.simulation.canvas import fill_polygon, shade
from lanedet.simulation.scene import Color, Prop, Vehicle
from lanedet.simulation.vehicles import (
    Panel,
    flank_shapes,
    is_beyond,
    paint_vehicle,
    visible_vehicles,
)
from lanedet.simulation.view import NEAREST_M, SceneView
from lanedet.structures import ByteArray

_FARTHEST_M = 160.0
_ORANGE: Color = (228, 92, 38)
_WHITE: Color = (226, 226, 222)
_RED: Color = (190, 38, 36)
_YELLOW: Color = (236, 186, 40)
_FOOT: Color = (48, 46, 46)
_TROUSERS: Color = (44, 46, 58)
_SKIN: Color = (150, 112, 90)


def paint_traffic(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Paint what drives and what stands on the road, the farthest first."""
    del rng
    here = view.scene.camera.station_m
    aheads = [(prop, prop.station_m - here) for prop in view.scene.props]
    things: list[tuple[Prop | Vehicle, float]] = [
        pair for pair in aheads if 2 * NEAREST_M < pair[1] < _FARTHEST_M
    ]
    things += [pair for pair in visible_vehicles(view) if not is_beyond(view, pair[0])]
    for thing, ahead in sorted(things, key=lambda pair: -pair[1]):
        if isinstance(thing, Vehicle):
            paint_vehicle(image, view, thing, ahead)
        else:
            PROPS[thing.kind](image, view, thing, ahead)
    return image


def _slab(
    image: ByteArray,
    view: SceneView,
    prop: Prop,
    ahead: float,
    half_widths: tuple[float, float],
    heights: tuple[float, float],
    color: Color,
) -> None:
    """Paint an upright trapezium: half its width and its height, below and above."""
    (wide, narrow), (bottom, top) = half_widths, heights
    corners = view.project_visible(
        np.full(4, ahead),
        prop.lateral_m + np.array([-wide, wide, narrow, -narrow]),
        np.array([bottom, bottom, top, top]),
    )
    fill_polygon(image, corners, view.through_haze(color, ahead))


def _paint_cone(image: ByteArray, view: SceneView, prop: Prop, ahead: float) -> None:
    _slab(image, view, prop, ahead, (0.2, 0.2), (0.0, 0.04), _FOOT)
    for low, high, color in (
        (0.04, 0.72, _ORANGE),
        (0.24, 0.36, _WHITE),
        (0.46, 0.56, _WHITE),
    ):
        halves = (0.15 * (1 - low / 0.8), 0.15 * (1 - high / 0.8))
        _slab(image, view, prop, ahead, halves, (low, high), color)


def _paint_barrel(image: ByteArray, view: SceneView, prop: Prop, ahead: float) -> None:
    _slab(image, view, prop, ahead, (0.36, 0.36), (0.0, 0.08), _FOOT)
    for step in range(5):
        color = _WHITE if step % 2 else _ORANGE
        low = 0.08 + 0.19 * step
        _slab(image, view, prop, ahead, (0.28, 0.27), (low, low + 0.19), color)


def _paint_barrier(image: ByteArray, view: SceneView, prop: Prop, ahead: float) -> None:
    """Paint a plastic barrier filled with water, red or white."""
    color = _RED if int(prop.station_m) % 2 else _WHITE
    _slab(image, view, prop, ahead, (0.75, 0.55), (0.0, 0.35), shade(color, 0.85))
    _slab(image, view, prop, ahead, (0.55, 0.5), (0.35, 0.85), color)


def _paint_board(image: ByteArray, view: SceneView, prop: Prop, ahead: float) -> None:
    """Paint a board with an arrow of chevrons, on two legs."""
    _slab(image, view, prop, ahead, (0.6, 0.6), (0.0, 1.0), _FOOT)
    _slab(image, view, prop, ahead, (0.95, 0.95), (0.9, 2.1), _YELLOW)
    for middle in (-0.5, 0.0, 0.5):
        across = middle + np.array([-0.2, 0.0, 0.18, -0.02, 0.18, 0.0])
        heights = np.array([1.5, 1.9, 1.9, 1.5, 1.1, 1.1])
        corners = view.project_visible(
            np.full(6, ahead), prop.lateral_m + across, heights
        )
        fill_polygon(image, corners, view.through_haze(_FOOT, ahead))


def _paint_car_across(
    image: ByteArray, view: SceneView, prop: Prop, ahead: float
) -> None:
    """Paint a car that crosses the road, from its side."""
    flank = flank_shapes(BODIES["saloon"], prop.color)
    _paint_across(image, view, prop, ahead, BODIES["saloon"], flank)


def _paint_van_across(
    image: ByteArray, view: SceneView, prop: Prop, ahead: float
) -> None:
    """Paint a van that crosses the road, from its side."""
    flank = flank_shapes(BODIES["van"], prop.color)
    _paint_across(image, view, prop, ahead, BODIES["van"], flank)


def _paint_across(
    image: ByteArray,
    view: SceneView,
    prop: Prop,
    ahead: float,
    body: Body,
    flank: Sequence[tuple[Outline, Color]],
) -> None:
    half = body.length_m / 2
    under = view.project_visible(
        ahead + np.array([-0.3, -0.3, body.width_m, body.width_m]),
        prop.lateral_m + np.array([-half, half, half, -half]),
    )
    fill_polygon(image, under, view.through_haze((24, 24, 25), ahead))
    panel = Panel(
        view=view,
        lateral_m=prop.lateral_m - half,
        ahead_m=ahead,
        size_m=(body.length_m, 0.0, body.height_m),
        lean_m=(0.0, body.side_lean_m),
        gain=0.9,
    )
    panel.fill(image, flank)


def _paint_walker(image: ByteArray, view: SceneView, prop: Prop, ahead: float) -> None:
    """Paint somebody who walks: two legs, a coat, a head."""
    stride = 0.12 + 0.14 * (int(prop.station_m * 7) % 3)
    _paint_foot_shadow(image, view, prop, ahead, 0.35)
    for foot in (-stride, stride):
        corners = view.project_visible(
            np.full(4, ahead),
            prop.lateral_m + np.array([foot - 0.07, foot + 0.07, 0.1, -0.1]),
            np.array([0.0, 0.0, 0.85, 0.85]),
        )
        fill_polygon(image, corners, view.through_haze(_TROUSERS, ahead))
    _slab(image, view, prop, ahead, (0.22, 0.25), (0.75, 1.45), prop.color)
    _paint_head(image, view, prop, ahead, 1.6)


def _paint_cyclist(image: ByteArray, view: SceneView, prop: Prop, ahead: float) -> None:
    """Paint somebody on a bicycle, from behind."""
    _paint_foot_shadow(image, view, prop, ahead, 0.4)
    _slab(image, view, prop, ahead, (0.04, 0.04), (0.0, 0.7), _FOOT)
    for side in (-0.13, 0.13):
        leg = Prop(prop.kind, prop.station_m, prop.lateral_m + side)
        _slab(image, view, leg, ahead, (0.06, 0.08), (0.25, 0.95), _TROUSERS)
    _slab(image, view, prop, ahead, (0.2, 0.25), (0.9, 1.5), prop.color)
    _slab(image, view, prop, ahead, (0.3, 0.3), (1.0, 1.04), _FOOT)
    _paint_head(image, view, prop, ahead, 1.62)


def _paint_foot_shadow(
    image: ByteArray, view: SceneView, prop: Prop, ahead: float, reach_m: float
) -> None:
    under = view.project_visible(
        ahead + np.array([-0.15, -0.15, 0.2, 0.2]),
        prop.lateral_m + reach_m * np.array([-1, 1, 1, -1]),
    )
    fill_polygon(image, under, view.through_haze((40, 40, 42), ahead))


def _paint_head(
    image: ByteArray, view: SceneView, prop: Prop, ahead: float, height_m: float
) -> None:
    angles = np.linspace(0, 2 * np.pi, 9)[:-1]
    corners = view.project_visible(
        np.full(8, ahead),
        prop.lateral_m + 0.1 * np.cos(angles),
        height_m + 0.13 * np.sin(angles),
    )
    fill_polygon(image, corners, view.through_haze(_SKIN, ahead))


PROPS: dict[str, Callable[[ByteArray, SceneView, Prop, float], None]] = {
    "cone": _paint_cone,
    "barrel": _paint_barrel,
    "barrier": _paint_barrier,
    "board": _paint_board,
    "car_across": _paint_car_across,
    "van_across": _paint_van_across,
    "walker": _paint_walker,
    "cyclist": _paint_cyclist,
}
"""How each kind of prop is painted."""

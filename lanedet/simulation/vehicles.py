"""Vehicles as a driver sees them: a face, a flank, wheels, and lamps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lanedet.simulation.bodies import BODIES, Body, Outline
from lanedet.simulation.canvas import fill_polygon, shade
from lanedet.simulation.scene import Color, Vehicle
from lanedet.simulation.view import NEAREST_M, SceneView
from lanedet.structures import ByteArray, FloatArray

Place = tuple[float, float]

FARTHEST_VEHICLE_M = 250.0

_WAIST = 0.62
"""Share of a car's height from which its body leans inwards."""

_DETAIL_M = 70.0
"""Beyond, a vehicle shows too few pixels for reflections and panel lines."""

_GLASS: Color = (36, 42, 48)
_MIRRORED: Color = (74, 84, 94)
_TYRE: Color = (20, 20, 22)
_UNDERBODY: Color = (16, 16, 17)
_TRIM: Color = (45, 45, 48)
_PLATE: Color = (205, 205, 195)
_TAIL_LAMP: Color = (150, 22, 20)
_RIM: Color = (95, 95, 98)
_HEADLAMP: Color = (225, 225, 215)


@dataclass(frozen=True)
class Panel:
    """An upright unit square on the road, leaning away above a car's waist.

    Attributes:
        view: The scene.
        lateral_m: Lateral position of its lower left, or near, corner.
        ahead_m: Distance of that corner.
        size_m: (across, along, up) from that corner to the opposite one.
        lean_m: (across, along) by which its upper edge is moved.
        gain: Brightness of the light on it.
    """

    view: SceneView
    lateral_m: float
    ahead_m: float
    size_m: tuple[float, float, float]
    lean_m: tuple[float, float]
    gain: float

    def points(self, places: FloatArray) -> FloatArray:
        """Return the pixels of places (N, 2) in the unit square."""
        xs, ys = places.T
        across, along, up = self.size_m
        lean = np.clip((ys - _WAIST) / (1 - _WAIST), 0, 1)
        return self.view.project_visible(
            self.ahead_m + xs * along + lean * self.lean_m[1],
            self.lateral_m + xs * across + lean * self.lean_m[0],
            ys * up,
        )

    def fill(self, image: ByteArray, shapes: Sequence[tuple[Outline, Color]]) -> None:
        """Fill outlines given in the unit square, in order; empty ones draw nothing."""
        drawn = [shape for shape in shapes if shape[0]]
        # One projection for all of them: it costs more than the filling.
        ends = np.cumsum([len(outline) for outline, _ in drawn])
        places = np.array([place for outline, _ in drawn for place in outline])
        parts = np.split(self.points(places), ends[:-1])
        for points, (_, color) in zip(parts, drawn, strict=True):
            seen = self.view.through_haze(shade(color, self.gain), self.ahead_m)
            fill_polygon(image, points, seen)


def paint_other_traffic(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Paint the vehicles beside the road, of which barriers hide a part later."""
    del rng
    for vehicle, ahead in visible_vehicles(view):
        if is_beyond(view, vehicle):
            paint_vehicle(image, view, vehicle, ahead)
    return image


def is_beyond(view: SceneView, vehicle: Vehicle) -> bool:
    """Return whether a vehicle is beside the road, as on another carriageway."""
    pavement = view.scene.road.pavement
    return not pavement.left_m < vehicle.lateral_m < pavement.right_m


def paint_vehicle(
    image: ByteArray, view: SceneView, vehicle: Vehicle, ahead: float
) -> None:
    """Paint a vehicle, ``ahead`` metres away, in place."""
    body = BODIES[vehicle.kind]
    _paint_flank(image, view, vehicle, ahead)
    if ahead > NEAREST_M:
        _paint_face(image, _face(view, vehicle, ahead), vehicle, body)


def visible_vehicles(view: SceneView) -> list[tuple[Vehicle, float]]:
    """Return the vehicles ahead with their distances, the farthest first."""
    here = view.scene.camera.station_m
    aheads = [(vehicle, vehicle.station_m - here) for vehicle in view.scene.vehicles]
    near = [
        (vehicle, ahead)
        for vehicle, ahead in aheads
        if 2 * NEAREST_M - BODIES[vehicle.kind].length_m < ahead < FARTHEST_VEHICLE_M
    ]
    return sorted(near, key=lambda pair: -pair[1])


def lamp_points(view: SceneView, vehicle: Vehicle, ahead_m: float) -> FloatArray:
    """Return the pixels of the left and the right lamp of a vehicle's face."""
    lamp_y = BODIES[vehicle.kind].lamp_y
    places = np.array([[0.1, lamp_y], [0.9, lamp_y]])
    return _face(view, vehicle, ahead_m).points(places)


def _face(view: SceneView, vehicle: Vehicle, ahead: float) -> Panel:
    body = BODIES[vehicle.kind]
    return Panel(
        view=view,
        lateral_m=vehicle.lateral_m - body.width_m / 2,
        ahead_m=ahead,
        size_m=(body.width_m, 0.0, body.height_m),
        lean_m=(0.0, body.rear_lean_m),
        gain=0.8 * view.scene.light.facing_gain,
    )


def _paint_flank(
    image: ByteArray, view: SceneView, vehicle: Vehicle, ahead: float
) -> None:
    """Paint the side that faces the camera."""
    body = BODIES[vehicle.kind]
    side = float(-np.sign(vehicle.lateral_m - view.scene.camera.lateral_m))
    is_sunlit = side * view.scene.light.sun_lateral < 0
    panel = Panel(
        view=view,
        lateral_m=vehicle.lateral_m + side * body.width_m / 2,
        ahead_m=ahead,
        size_m=(0.0, body.length_m, body.height_m),
        lean_m=(-side * body.side_lean_m, 0.0),
        gain=(1.0 if is_sunlit else 0.6) * (1 - 0.4 * view.scene.light.backlight),
    )
    shapes = flank_shapes(body, vehicle.color)
    panel.fill(image, shapes if ahead < _DETAIL_M else shapes[:_NUM_ROUGH])


def flank_shapes(body: Body, color: Color) -> list[tuple[Outline, Color]]:
    """Return what a vehicle's side consists of, in the order of painting."""
    shapes = [(body.flank, color), (body.flank_window, _GLASS)]
    wheels = [_wheel(body, middle, 0.33) for middle in (0.2, 0.8)]
    shapes += [(wheel, _TYRE) for wheel in wheels]
    # What a driver sees only from near: the fold below the doors, the pillar, rims.
    low = body.flank[0][1]
    sill = _rectangle(0.03, low, 0.94, 0.3 * (0.5 - low))
    shapes.append((sill, shade(color, 0.72)))
    if body.flank_window:
        left, top_left, top_right, right = body.flank_window
        shapes.append((_upper_half(left, right, top_right, top_left), _MIRRORED))
        middle = (left[0] + right[0]) / 2
        bottom, height = left[1], top_left[1] - left[1]
        shapes.append((_rectangle(middle - 0.01, bottom, 0.025, height), color))
    shapes += [(wheel, _TYRE) for wheel in wheels]
    shapes += [(_wheel(body, middle, 0.19), _RIM) for middle in (0.2, 0.8)]
    return shapes


_NUM_ROUGH = 4
"""The first shapes of a side, which show from afar: body, window, two tyres."""


def _upper_half(
    left: Place, right: Place, top_right: Place, top_left: Place
) -> Outline:
    """Return the upper half of a window, in which the sky is mirrored."""
    middles = (
        ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2)
        for low, high in ((left, top_left), (right, top_right))
    )
    return (*middles, top_right, top_left)


def _wheel(body: Body, middle: float, radius_m: float) -> Outline:
    angles = np.linspace(0, 2 * np.pi, 14)
    xs = middle + radius_m / body.length_m * np.cos(angles)
    ys = (0.33 + radius_m * np.sin(angles)) / body.height_m
    return tuple(zip(xs.tolist(), ys.tolist(), strict=True))


def _paint_face(image: ByteArray, face: Panel, vehicle: Vehicle, body: Body) -> None:
    """Paint the rear, or of an oncoming vehicle the front."""
    low = body.face[0][1]
    lamp = _HEADLAMP if vehicle.is_oncoming else _TAIL_LAMP
    high, wide = 0.15 / body.height_m, 0.28 / body.width_m
    lamp_low = body.lamp_y - high / 2
    plate = _rectangle(0.5 - wide, lamp_low - high, 2 * wide, high * 0.8)
    shapes = [
        (_rectangle(0.1, 0.02, 0.8, low), _UNDERBODY),
        (_rectangle(0.07, 0.0, 0.17, 0.35), _TYRE),
        (_rectangle(0.76, 0.0, 0.17, 0.35), _TYRE),
        (body.face, vehicle.color),
        *((outline, shade(vehicle.color, gain)) for outline, gain in body.relief),
        (body.face_window, _GLASS),
        *_near_details(face, vehicle, body),
        (_rectangle(0.04, low, 0.92, 0.1 if body.face_window else 0.03), _TRIM),
        (_rectangle(0.03, lamp_low, wide, high), lamp),
        (_rectangle(0.97 - wide, lamp_low, wide, high), lamp),
        (plate, _PLATE),
    ]
    face.fill(image, shapes)


def _near_details(
    face: Panel, vehicle: Vehicle, body: Body
) -> list[tuple[Outline, Color]]:
    """Return what gives a near face depth: mirrored sky, a bumper, panel edges."""
    if face.ahead_m > _DETAIL_M:
        return []
    low, lamp = body.face[0][1], body.lamp_y
    bumper = _rectangle(0.03, low, 0.94, 0.55 * (lamp - low))
    shapes = [(bumper, shade(vehicle.color, 0.7))]
    if body.face_window:
        shapes.append((_upper_half(*body.face_window), _MIRRORED))
        edge = _rectangle(0.08, lamp + 0.06, 0.84, 0.02)
        shapes.append((edge, shade(vehicle.color, 1.2)))
        roof = body.face_window[2][1] + 0.015
        top = _rectangle(0.3, roof, 0.4, 0.98 - roof)
        shapes.append((top, shade(vehicle.color, 1.2)))
    else:
        # The doors of a box: their gap and their hinges' bars.
        height = 0.92 - low
        for middle in (0.26, 0.5, 0.74):
            line = _rectangle(middle - 0.006, low + 0.03, 0.012, height)
            shapes.append((line, shade(vehicle.color, 0.6)))
    return shapes


def _rectangle(left: float, bottom: float, width: float, height: float) -> Outline:
    right, top = left + width, bottom + height
    return ((left, bottom), (right, bottom), (right, top), (left, top))

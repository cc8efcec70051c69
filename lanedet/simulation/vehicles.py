"""Vehicles as a driver sees them: a face, a flank, wheels, and lamps."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lanedet.simulation.bodies import BODIES, Body, Outline
from lanedet.simulation.canvas import shade
from lanedet.simulation.scene import Color, Vehicle
from lanedet.simulation.sketch import Sketch
from lanedet.simulation.view import NEAREST_M, SceneView
from lanedet.structures import ByteArray, FloatArray

Place = tuple[float, float]
Paint = Color | float
"""A colour, or the brightness of a part in the vehicle's own colour."""
Shapes = tuple[tuple[Outline, Paint], ...]
"""What a face or a flank consists of, in the order of painting; some may be empty."""

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
        lateral_m: Lateral position of its lower left, or near, corner.
        ahead_m: Distance of that corner.
        size_m: (across, along, up) from that corner to the opposite one.
        lean_m: (across, along) by which its upper edge is moved.
        gain: Brightness of the light on it.
    """

    lateral_m: float
    ahead_m: float
    size_m: tuple[float, float, float]
    lean_m: tuple[float, float]
    gain: float

    def places(self, unit: FloatArray) -> FloatArray:
        """Return (ahead, lateral, height) of places (N, 2) in the unit square."""
        xs, ys = unit.T
        across, along, up = self.size_m
        lean = np.minimum(np.maximum((ys - _WAIST) / (1 - _WAIST), 0), 1)
        places = np.empty((len(unit), 3))
        places[:, 0] = self.ahead_m + xs * along + lean * self.lean_m[1]
        places[:, 1] = self.lateral_m + xs * across + lean * self.lean_m[0]
        places[:, 2] = ys * up
        return places

    def add_to(self, sketch: Sketch, shapes: Shapes, color: Color) -> None:
        """Add outlines given in the unit square; ``color`` is the vehicle's own."""
        unit, sizes = _corners(shapes)
        colors = [
            shade(color, paint) if isinstance(paint, float) else paint
            for outline, paint in shapes
            if outline
        ]
        sketch.add_group(self.places(unit), sizes, colors, self.ahead_m, self.gain)


@lru_cache(maxsize=128)
def _corners(shapes: Shapes) -> tuple[FloatArray, list[int]]:
    """Return the corners of all shapes, one after the other, (N, 2); how many each."""
    corners = np.array([place for outline, _ in shapes for place in outline])
    return corners, [len(outline) for outline, _ in shapes if outline]


def paint_other_traffic(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Paint the vehicles beside the road, of which barriers hide a part later."""
    del rng
    sketch = Sketch(view)
    for vehicle, ahead in visible_vehicles(view):
        if is_beyond(view, vehicle):
            add_vehicle(sketch, view, vehicle, ahead)
    sketch.paint(image)
    return image


def is_beyond(view: SceneView, vehicle: Vehicle) -> bool:
    """Return whether a vehicle is beside the road, as on another carriageway."""
    pavement = view.scene.road.pavement
    return not pavement.left_m < vehicle.lateral_m < pavement.right_m


def add_vehicle(
    sketch: Sketch, view: SceneView, vehicle: Vehicle, ahead: float
) -> None:
    """Add a vehicle, ``ahead`` metres away, to a sketch."""
    _add_flank(sketch, view, vehicle, ahead)
    if ahead > NEAREST_M:
        shapes = _face_shapes(vehicle.kind, vehicle.is_oncoming, ahead <= _DETAIL_M)
        _face(view, vehicle, ahead).add_to(sketch, shapes, vehicle.color)


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
    body = BODIES[vehicle.kind]
    places = np.array([[body.lamp_x, body.lamp_y], [1 - body.lamp_x, body.lamp_y]])
    return view.project_visible(*_face(view, vehicle, ahead_m).places(places).T)


def _face(view: SceneView, vehicle: Vehicle, ahead: float) -> Panel:
    body = BODIES[vehicle.kind]
    return Panel(
        lateral_m=vehicle.lateral_m - body.width_m / 2,
        ahead_m=ahead,
        size_m=(body.width_m, 0.0, body.height_m),
        lean_m=(0.0, body.rear_lean_m),
        gain=0.8 * view.scene.light.facing_gain,
    )


def _add_flank(sketch: Sketch, view: SceneView, vehicle: Vehicle, ahead: float) -> None:
    """Add the side that faces the camera."""
    body = BODIES[vehicle.kind]
    side = float(-np.sign(vehicle.lateral_m - view.scene.camera.lateral_m))
    is_sunlit = side * view.scene.light.sun_lateral < 0
    half = 0.0 if body.has_one_track else body.width_m / 2
    panel = Panel(
        lateral_m=vehicle.lateral_m + side * half,
        ahead_m=ahead,
        size_m=(0.0, body.length_m, body.height_m),
        lean_m=(-side * body.side_lean_m, 0.0),
        gain=(1.0 if is_sunlit else 0.6) * (1 - 0.4 * view.scene.light.backlight),
    )
    shapes = flank_shapes(vehicle.kind)
    if ahead >= _DETAIL_M:
        shapes = shapes[:_NUM_ROUGH]
    panel.add_to(sketch, shapes, vehicle.color)


@lru_cache(maxsize=len(BODIES))
def flank_shapes(kind: str) -> Shapes:
    """Return what the side of a kind of vehicle consists of."""
    body = BODIES[kind]
    shapes: list[tuple[Outline, Paint]]
    shapes = [(body.flank, 1.0), (body.flank_window, _GLASS)]
    wheels = [_wheel(body, middle, 0.33) for middle in (0.2, 0.8)]
    shapes += [(wheel, _TYRE) for wheel in wheels]
    # What a driver sees only from near: the fold below the doors, the pillar, rims.
    low = body.flank[0][1]
    sill = _rectangle(0.03, low, 0.94, 0.3 * (0.5 - low))
    shapes.append((sill, 0.72))
    if body.flank_window:
        left, top_left, top_right, right = body.flank_window
        shapes.append((_upper_half(left, right, top_right, top_left), _MIRRORED))
        middle = (left[0] + right[0]) / 2
        bottom, height = left[1], top_left[1] - left[1]
        shapes.append((_rectangle(middle - 0.01, bottom, 0.025, height), 1.0))
    shapes += [(wheel, _TYRE) for wheel in wheels]
    shapes += [(_wheel(body, middle, 0.19), _RIM) for middle in (0.2, 0.8)]
    return tuple(shapes)


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


@lru_cache(maxsize=4 * len(BODIES))
def _face_shapes(kind: str, is_oncoming: bool, is_near: bool) -> Shapes:
    """Return what the rear, or of an oncoming vehicle the front, consists of."""
    body = BODIES[kind]
    lamp = _HEADLAMP if is_oncoming else _TAIL_LAMP
    high = 0.15 / body.height_m
    lamp_low = body.lamp_y - high / 2
    if body.has_one_track:
        return (
            (_rectangle(0.42, 0.0, 0.16, 0.4), _TYRE),
            (body.face, 1.0),
            *body.relief,
            (_rectangle(body.lamp_x, lamp_low, 1 - 2 * body.lamp_x, high), lamp),
            (_rectangle(0.38, lamp_low - high, 0.24, high * 0.8), _PLATE),
        )
    low, wide = body.face[0][1], 0.28 / body.width_m
    plate = _rectangle(0.5 - wide, lamp_low - high, 2 * wide, high * 0.8)
    return (
        (_rectangle(0.1, 0.02, 0.8, low), _UNDERBODY),
        (_rectangle(0.07, 0.0, 0.17, 0.35), _TYRE),
        (_rectangle(0.76, 0.0, 0.17, 0.35), _TYRE),
        (body.face, 1.0),
        *body.relief,
        (body.face_window, _GLASS),
        *(_near_details(body) if is_near else ()),
        (_rectangle(0.04, low, 0.92, 0.1 if body.face_window else 0.03), _TRIM),
        (_rectangle(0.03, lamp_low, wide, high), lamp),
        (_rectangle(0.97 - wide, lamp_low, wide, high), lamp),
        (plate, _PLATE),
    )


def _near_details(body: Body) -> list[tuple[Outline, Paint]]:
    """Return what gives a near face depth: mirrored sky, a bumper, panel edges."""
    low, lamp = body.face[0][1], body.lamp_y
    bumper = _rectangle(0.03, low, 0.94, 0.55 * (lamp - low))
    shapes: list[tuple[Outline, Paint]] = [(bumper, 0.7)]
    if body.face_window:
        shapes.append((_upper_half(*body.face_window), _MIRRORED))
        edge = _rectangle(0.08, lamp + 0.06, 0.84, 0.02)
        shapes.append((edge, 1.2))
        roof = body.face_window[2][1] + 0.015
        top = _rectangle(0.3, roof, 0.4, 0.98 - roof)
        shapes.append((top, 1.2))
    else:
        # The doors of a box: their gap and their hinges' bars.
        height = 0.92 - low
        for middle in (0.26, 0.5, 0.74):
            line = _rectangle(middle - 0.006, low + 0.03, 0.012, height)
            shapes.append((line, 0.6))
    return shapes


def _rectangle(left: float, bottom: float, width: float, height: float) -> Outline:
    right, top = left + width, bottom + height
    return ((left, bottom), (right, bottom), (right, top), (left, top))

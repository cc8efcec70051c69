"""Vehicles as a driver sees them: a face, a flank, wheels, and lamps."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lanedet.arrays import ByteArray, FloatArray
from lanedet.simulation.painting.panels import (
    Design,
    Paint,
    Panel,
    make_design,
    panel_corners,
    unit_places,
)
from lanedet.simulation.painting.sketch import Sketch
from lanedet.simulation.projection.projection import (
    NEAREST_M,
    Projection,
    once_per_projection,
)
from lanedet.simulation.world.color import Color
from lanedet.simulation.world.outline import Outline
from lanedet.simulation.world.scene import Vehicle
from lanedet.simulation.world.vehicle_bodies import BODIES, Body

Place = tuple[float, float]

FARTHEST_VEHICLE_M = 250.0

_TRAPEZIUM = np.array([[-0.5, 0.5, 0.4, -0.4], [0.0, 0.0, 1.0, 1.0]])
"""Corners of a face: across in widths from the middle, and up in heights."""

_DETAIL_M = 70.0
"""The distance beyond which reflections and panel lines are too small to be seen."""

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
class Face:
    """A vehicle's face in the picture, and its lamps.

    Attributes:
        vehicle: The vehicle.
        ahead_m: Distance of its face.
        outline: Corners of the face in pixels, (4, 2).
        lamps: The left and the right lamp in pixels, (2, 2).
        foot: The ground below the middle of the face in pixels, (2,).
    """

    vehicle: Vehicle
    ahead_m: float
    outline: FloatArray
    lamps: FloatArray
    foot: FloatArray


def paint_other_traffic(image: ByteArray, projection: Projection) -> ByteArray:
    """Paint the vehicles beside the road, of which barriers hide a part later."""
    sketch = Sketch(projection)
    for vehicle, ahead in visible_vehicles(projection):
        if is_beyond(projection, vehicle):
            add_vehicle(sketch, projection, vehicle, ahead)
    sketch.paint(image)
    return image


def is_beyond(projection: Projection, vehicle: Vehicle) -> bool:
    """Return whether a vehicle is beside the road, as on another carriageway."""
    pavement = projection.scene.road.pavement
    return not pavement.left_m < vehicle.lateral_m < pavement.right_m


def add_vehicle(
    sketch: Sketch, projection: Projection, vehicle: Vehicle, ahead: float
) -> None:
    """Add a vehicle, ``ahead`` metres away, to a sketch."""
    _add_flank(sketch, projection, vehicle, ahead)
    if ahead > NEAREST_M:
        sketch.add_panel(_face(projection, vehicle, ahead))


@once_per_projection
def visible_vehicles(projection: Projection) -> list[tuple[Vehicle, float]]:
    """Return the vehicles ahead with their distances, the farthest first."""
    here = projection.scene.camera.station_m
    aheads = [
        (vehicle, vehicle.station_m - here) for vehicle in projection.scene.vehicles
    ]
    near = [
        (vehicle, ahead)
        for vehicle, ahead in aheads
        if 2 * NEAREST_M - BODIES[vehicle.kind].length_m < ahead < FARTHEST_VEHICLE_M
    ]
    return sorted(near, key=lambda pair: -pair[1])


@once_per_projection
def visible_faces(projection: Projection) -> list[Face]:
    """Return the faces of the vehicles ahead, the farthest first."""
    vehicles = [pair for pair in visible_vehicles(projection) if pair[1] > NEAREST_M]
    if not vehicles:
        return []
    panels = [_face(projection, vehicle, ahead) for vehicle, ahead in vehicles]
    lamps = panel_corners(panels, [_lamps(vehicle.kind) for vehicle, _ in vehicles])
    aheads = np.array([ahead for _, ahead in vehicles])
    laterals = np.array([vehicle.lateral_m for vehicle, _ in vehicles])
    widths, heights = np.array(
        [
            (BODIES[vehicle.kind].width_m, BODIES[vehicle.kind].height_m)
            for vehicle, _ in vehicles
        ]
    ).T
    places = np.empty((len(vehicles), 7, 3))
    places[:, :, 0] = aheads[:, None]
    # A trapezium, then the foot; the lamps' distance is the panel's, which may lean.
    places[:, :4, 1] = laterals[:, None] + widths[:, None] * _TRAPEZIUM[0]
    places[:, :4, 2] = heights[:, None] * _TRAPEZIUM[1]
    places[:, 4, 1], places[:, 4, 2] = laterals, 0.0
    places[:, 5:] = lamps.reshape(-1, 2, 3)
    pixels = projection.project_visible(*places.reshape(-1, 3).T).reshape(-1, 7, 2)
    return [
        Face(vehicle, ahead, outline=seven[:4], lamps=seven[5:], foot=seven[4])
        for (vehicle, ahead), seven in zip(vehicles, pixels, strict=True)
    ]


@lru_cache(maxsize=len(BODIES))
def _lamps(kind: str) -> FloatArray:
    """Return where in its face the lamps of a kind of vehicle are."""
    body = BODIES[kind]
    return unit_places([(body.lamp_x, body.lamp_y), (1 - body.lamp_x, body.lamp_y)])


def _face(projection: Projection, vehicle: Vehicle, ahead: float) -> Panel:
    body = BODIES[vehicle.kind]
    return Panel(
        design=_face_design(vehicle.kind, vehicle.is_oncoming, ahead <= _DETAIL_M),
        color=vehicle.color,
        lateral_m=vehicle.lateral_m - body.width_m / 2,
        ahead_m=ahead,
        size_m=(body.width_m, 0.0, body.height_m),
        lean_m=(0.0, body.rear_lean_m),
        gain=0.8 * projection.scene.light.facing_gain,
    )


def _add_flank(
    sketch: Sketch, projection: Projection, vehicle: Vehicle, ahead: float
) -> None:
    """Add the side that faces the camera."""
    body = BODIES[vehicle.kind]
    side = float(-np.sign(vehicle.lateral_m - projection.scene.camera.lateral_m))
    is_sunlit = side * projection.scene.light.sun_lateral < 0
    half = 0.0 if body.has_one_track else body.width_m / 2
    panel = Panel(
        design=flank_design(vehicle.kind, ahead < _DETAIL_M),
        color=vehicle.color,
        lateral_m=vehicle.lateral_m + side * half,
        ahead_m=ahead,
        size_m=(0.0, body.length_m, body.height_m),
        lean_m=(-side * body.side_lean_m, 0.0),
        gain=(1.0 if is_sunlit else 0.6) * (1 - 0.4 * projection.scene.light.backlight),
    )
    sketch.add_panel(panel)


@lru_cache(maxsize=2 * len(BODIES))
def flank_design(kind: str, is_near: bool = True) -> Design:
    """Return what the side of a kind of vehicle shows."""
    body = BODIES[kind]
    shapes: list[tuple[Outline, Paint]]
    shapes = [(body.flank, 1.0), (body.flank_window, _GLASS)]
    wheels = [_wheel(body, middle, 0.33) for middle in (0.2, 0.8)]
    shapes += [(wheel, _TYRE) for wheel in wheels]
    if not is_near:
        return make_design(shapes)
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
    return make_design(shapes)


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
def _face_design(kind: str, is_oncoming: bool, is_near: bool) -> Design:
    """Return what the rear, or of an oncoming vehicle the front, shows."""
    body = BODIES[kind]
    lamp = _HEADLAMP if is_oncoming else _TAIL_LAMP
    high = 0.15 / body.height_m
    lamp_low = body.lamp_y - high / 2
    if body.has_one_track:
        return make_design(
            (
                (_rectangle(0.42, 0.0, 0.16, 0.4), _TYRE),
                (body.face, 1.0),
                *body.relief,
                (_rectangle(body.lamp_x, lamp_low, 1 - 2 * body.lamp_x, high), lamp),
                (_rectangle(0.38, lamp_low - high, 0.24, high * 0.8), _PLATE),
            )
        )
    low, wide = body.face[0][1], 0.28 / body.width_m
    plate = _rectangle(0.5 - wide, lamp_low - high, 2 * wide, high * 0.8)
    return make_design(
        (
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

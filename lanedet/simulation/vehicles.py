"""Vehicles as a driver sees them: a face, a flank, wheels, and lamps."""

from dataclasses import dataclass

import numpy as np

from lanedet.simulation.bodies import BODIES, Body, Outline
from lanedet.simulation.canvas import fill_polygon, shade
from lanedet.simulation.scene import Color, Vehicle
from lanedet.simulation.view import NEAREST_M, SceneView
from lanedet.structures import ByteArray, FloatArray

FARTHEST_VEHICLE_M = 250.0

_GLASS: Color = (36, 42, 48)
_TYRE: Color = (20, 20, 22)
_TRIM: Color = (45, 45, 48)
_PLATE: Color = (205, 205, 195)
_TAIL_LAMP: Color = (150, 22, 20)
_HEADLAMP: Color = (225, 225, 215)


@dataclass(frozen=True)
class Panel:
    """An upright unit square on the road, and the light in which it stands."""

    view: SceneView
    lateral_m: float
    ahead_m: float
    width_m: float
    length_m: float
    height_m: float
    gain: float

    def points(self, outline: Outline) -> FloatArray:
        """Return the pixels of points in the unit square."""
        xs, ys = np.array(outline).T
        return self.view.project_visible(
            self.ahead_m + xs * self.length_m,
            self.lateral_m + xs * self.width_m,
            ys * self.height_m,
        )

    def fill(self, image: ByteArray, outline: Outline, color: Color) -> None:
        """Fill an outline given in the unit square; an empty one draws nothing."""
        if outline:
            seen = self.view.through_haze(shade(color, self.gain), self.ahead_m)
            fill_polygon(image, self.points(outline), seen)


def paint_traffic(
    image: ByteArray, view: SceneView, rng: np.random.Generator
) -> ByteArray:
    """Paint the vehicles, the farthest first."""
    del rng
    for vehicle, ahead in visible_vehicles(view):
        body = BODIES[vehicle.kind]
        _paint_flank(image, view, vehicle, ahead)
        if ahead > NEAREST_M:
            _paint_face(image, _face(view, vehicle, ahead), vehicle, body)
    return image


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
    return _face(view, vehicle, ahead_m).points(((0.1, lamp_y), (0.9, lamp_y)))


def _face(view: SceneView, vehicle: Vehicle, ahead: float) -> Panel:
    body = BODIES[vehicle.kind]
    left = vehicle.lateral_m - body.width_m / 2
    return Panel(view, left, ahead, body.width_m, 0.0, body.height_m, 0.8)


def _paint_flank(
    image: ByteArray, view: SceneView, vehicle: Vehicle, ahead: float
) -> None:
    """Paint the side that faces the camera."""
    body = BODIES[vehicle.kind]
    side = -np.sign(vehicle.lateral_m - view.scene.camera.lateral_m)
    sunlit = 1.0 if side * view.scene.light.sun_lateral < 0 else 0.6
    panel = Panel(
        view,
        vehicle.lateral_m + side * body.width_m / 2,
        ahead,
        0.0,
        body.length_m,
        body.height_m,
        sunlit,
    )
    panel.fill(image, body.flank, vehicle.color)
    panel.fill(image, body.flank_window, _GLASS)
    radius_x, radius_y = 0.33 / body.length_m, 0.33 / body.height_m
    angles = np.linspace(0, 2 * np.pi, 14)
    for middle in (0.2, 0.8):
        for share, color in ((1.0, _TYRE), (0.55, (95.0, 95.0, 98.0))):
            xs = middle + share * radius_x * np.cos(angles)
            ys = radius_y + share * radius_y * np.sin(angles)
            wheel = tuple(zip(xs.tolist(), ys.tolist(), strict=True))
            panel.fill(image, wheel, color)


def _paint_face(image: ByteArray, face: Panel, vehicle: Vehicle, body: Body) -> None:
    """Paint the rear, or of an oncoming vehicle the front."""
    for left in (0.07, 0.76):
        face.fill(image, _rectangle(left, 0.0, 0.17, 0.35), _TYRE)
    face.fill(image, body.face, vehicle.color)
    face.fill(image, body.face_window, _GLASS)
    if body.face_window:
        low = body.face[0][1]
        face.fill(image, _rectangle(0.04, low, 0.92, 0.1), _TRIM)
    lamp = _HEADLAMP if vehicle.is_oncoming else _TAIL_LAMP
    for left in (0.03, 0.81):
        face.fill(image, _rectangle(left, body.lamp_y - 0.05, 0.16, 0.1), lamp)
    face.fill(image, _rectangle(0.38, body.lamp_y - 0.12, 0.24, 0.08), _PLATE)


def _rectangle(left: float, bottom: float, width: float, height: float) -> Outline:
    right, top = left + width, bottom + height
    return ((left, bottom), (right, bottom), (right, top), (left, top))

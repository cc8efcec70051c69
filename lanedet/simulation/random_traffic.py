"""Random traffic."""

from dataclasses import replace

import numpy as np

from lanedet.simulation.bodies import BODIES
from lanedet.simulation.road import Road
from lanedet.simulation.scene import Camera, Color, Vehicle

_PAINTS: tuple[Color, ...] = (
    (225, 225, 222), (190, 192, 195), (120, 123, 128), (60, 62, 66), (26, 27, 30),
    (28, 29, 33), (130, 25, 28), (35, 55, 105), (150, 140, 115), (60, 80, 65),
    (235, 235, 235), (165, 60, 30),
)  # fmt: skip


def random_traffic(
    rng: np.random.Generator, road: Road, camera: Camera
) -> tuple[Vehicle, ...]:
    """Return traffic of any density, the lanes ahead of the camera free."""
    mean_gap = rng.choice([25.0, 45.0, 90.0, 300.0], p=[0.2, 0.3, 0.3, 0.2])
    ego_speed = rng.uniform(22, 33)
    return _fill_lanes(rng, road, camera, mean_gap, ego_speed, 9.0)


def dense_traffic(
    rng: np.random.Generator, road: Road, camera: Camera
) -> tuple[Vehicle, ...]:
    """Return slow traffic whose vehicles hide much of the road."""
    mean_gap = rng.uniform(2, 14)
    return _fill_lanes(rng, road, camera, mean_gap, rng.uniform(3, 12), 4.0)


def _fill_lanes(
    rng: np.random.Generator,
    road: Road,
    camera: Camera,
    mean_gap: float,
    ego_speed: float,
    free_m: float,
) -> tuple[Vehicle, ...]:
    """Return vehicles in every lane, spaced so that none overlap."""
    vehicles = []
    yellow_middle = len(road.lines) == 3 and len(road.lines[1].stripes) == 2
    for left, right in zip(road.lines[:-1], road.lines[1:], strict=True):
        middle = (left.lateral_m + right.lateral_m) / 2
        is_own = left.lateral_m < 0 < right.lateral_m
        is_oncoming = yellow_middle and not is_own
        ahead = rng.uniform(free_m, free_m + 21) if is_own else rng.uniform(-3, 25)
        speed = -ego_speed if is_oncoming else ego_speed + rng.normal(0, 1.5)
        while (ahead := ahead + rng.exponential(mean_gap)) < 230:
            vehicle = _random_vehicle(rng, camera.station_m + ahead, middle, speed)
            vehicles.append(replace(vehicle, is_oncoming=is_oncoming))
            ahead += BODIES[vehicle.kind].length_m + 8
    return tuple(vehicles)


def _random_vehicle(
    rng: np.random.Generator, station: float, lateral: float, speed: float
) -> Vehicle:
    kinds = list(BODIES)
    kind = kinds[rng.choice(len(kinds), p=[0.42, 0.28, 0.1, 0.08, 0.12])]
    paint = _PAINTS[rng.integers(len(_PAINTS))]
    return Vehicle(
        kind=kind,
        station_m=float(station),
        lateral_m=float(lateral + np.clip(rng.normal(0, 0.2), -0.4, 0.4)),
        speed_mps=float(speed),
        color=paint,
    )

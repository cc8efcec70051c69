"""Random traffic."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from lanedet.simulation.world.color import Color, mix
from lanedet.simulation.world.road import Road
from lanedet.simulation.world.scene import Camera, Vehicle
from lanedet.simulation.world.vehicle_bodies import BODIES

_PAINTS: tuple[Color, ...] = (
    (225, 225, 222), (190, 192, 195), (120, 123, 128), (60, 62, 66), (26, 27, 30),
    (28, 29, 33), (130, 25, 28), (35, 55, 105), (150, 140, 115), (60, 80, 65),
    (235, 235, 235), (165, 60, 30),
)  # fmt: skip

COATS: tuple[Color, ...] = (
    (40, 44, 60), (28, 28, 30), (120, 30, 34), (200, 196, 186), (70, 90, 70),
    (206, 170, 40), (60, 90, 140),
)  # fmt: skip
"""The colors that walkers and cyclists wear."""

_HIGHWAY_KINDS = {
    "saloon": 0.42,
    "suv": 0.28,
    "pickup": 0.1,
    "van": 0.08,
    "lorry": 0.12,
}
_TOWN_KINDS = {
    "saloon": 0.24,
    "hatchback": 0.2,
    "estate": 0.1,
    "suv": 0.2,
    "van": 0.06,
    "box_van": 0.06,
    "bus": 0.06,
    "lorry": 0.03,
    "scooter": 0.05,
}


def random_traffic(
    rng: np.random.Generator, road: Road, camera: Camera
) -> tuple[Vehicle, ...]:
    """Return traffic of any density, the lanes ahead of the camera free."""
    mean_gap = rng.choice([25.0, 45.0, 90.0, 300.0], p=[0.2, 0.3, 0.3, 0.2])
    ego_speed = rng.uniform(22, 33)
    return _fill_lanes(rng, road, camera, mean_gap, ego_speed, 9.0, _HIGHWAY_KINDS)


def dense_traffic(
    rng: np.random.Generator, road: Road, camera: Camera
) -> tuple[Vehicle, ...]:
    """Return slow traffic whose vehicles hide much of the road."""
    mean_gap = rng.uniform(2, 14)
    speed = rng.uniform(3, 12)
    return _fill_lanes(rng, road, camera, mean_gap, speed, 4.0, _TOWN_KINDS)


def town_traffic(
    rng: np.random.Generator, road: Road, camera: Camera
) -> tuple[Vehicle, ...]:
    """Return the light or moderate traffic of a street."""
    mean_gap = rng.choice([18.0, 40.0, 90.0])
    speed = rng.uniform(8, 17)
    return _fill_lanes(rng, road, camera, mean_gap, speed, 7.0, _TOWN_KINDS)


def opposite_traffic(
    rng: np.random.Generator, middles_m: Sequence[float], camera: Camera
) -> tuple[Vehicle, ...]:
    """Return the vehicles that come towards the camera on another carriageway.

    Args:
        rng: Source of randomness.
        middles_m: Where its lanes lie across the road.
        camera: The camera that they come towards.
    """
    mean_gap = rng.choice([25.0, 60.0, 150.0])
    vehicles = []
    for middle in middles_m:
        ahead = rng.uniform(6, 30)
        while (ahead := ahead + rng.exponential(mean_gap)) < 160:
            station, speed = camera.station_m + ahead, -rng.uniform(22, 33)
            vehicle = _random_vehicle(rng, station, middle, speed, _HIGHWAY_KINDS, True)
            vehicles.append(vehicle)
            ahead += BODIES[vehicle.kind].length_m + 8
    return tuple(vehicles)


def _fill_lanes(
    rng: np.random.Generator,
    road: Road,
    camera: Camera,
    mean_gap: float,
    ego_speed: float,
    free_m: float,
    kinds: Mapping[str, float],
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
            station = camera.station_m + ahead
            vehicle = _random_vehicle(rng, station, middle, speed, kinds, is_oncoming)
            vehicles.append(vehicle)
            ahead += BODIES[vehicle.kind].length_m + 8
    return tuple(vehicles)


def _random_vehicle(
    rng: np.random.Generator,
    station: float,
    lateral: float,
    speed: float,
    kinds: Mapping[str, float],
    is_oncoming: bool,
) -> Vehicle:
    kind = _pick_kind(rng, tuple(kinds), tuple(kinds.values()))
    number = rng.integers(len(_PAINTS))
    paint = _PAINTS[number]
    if kind in ("lorry", "box_van") and number % 3:
        paint = mix(paint, (214, 214, 210), 0.85)
    return Vehicle(
        kind=kind,
        station_m=float(station),
        lateral_m=float(lateral + min(max(rng.normal(0, 0.2), -0.4), 0.4)),
        speed_mps=float(speed),
        color=paint,
        is_oncoming=is_oncoming,
    )


def _pick_kind(
    rng: np.random.Generator, kinds: tuple[str, ...], shares: tuple[float, ...]
) -> str:
    """Draw as ``rng.choice(kinds, p=shares)`` does, without its checks."""
    return kinds[bisect_right(_bounds(shares), rng.random())]


@lru_cache
def _bounds(shares: tuple[float, ...]) -> list[float]:
    bounds = np.cumsum(shares)
    sums: list[float] = (bounds / bounds[-1]).tolist()
    return sums

"""Steps towards a category where others cross the road: zebras and crossroads."""

from dataclasses import replace
from itertools import cycle

import numpy as np

from lanedet.simulation.sampling.outlines import box, place, ribbon, zebra
from lanedet.simulation.sampling.road_figures import road_paint
from lanedet.simulation.sampling.traffic import COATS
from lanedet.simulation.world.outline import Outline
from lanedet.simulation.world.road import Crossroad, Decal, LaneLine, Profile
from lanedet.simulation.world.scene import Prop, Scene

_CLEAR_M = 8.0
"""The distance before one's own car within which nobody crosses."""
_CAR_COLORS = ((222, 222, 220), (40, 42, 46), (120, 124, 128), (150, 32, 30))


def paint_some_zebras(scene: Scene, rng: np.random.Generator) -> Scene:
    """Lay a zebra crossing across some of the streets; labels run through it."""
    road = scene.road
    if rng.uniform() > 0.3 or not scene.surroundings.has_kerbs:
        return scene
    foot = float(scene.camera.station_m + rng.uniform(3, 45))
    length = float(rng.uniform(3, 5))
    left, right = road.pavement.left_m, road.pavement.right_m
    bars = zebra(left + 0.3, right - 0.3, length, float(rng.uniform(0.38, 0.6)))
    outlines = place(bars, foot, 0.0)
    before = float(rng.choice([0.3, rng.uniform(1.5, 3.5)]))
    if before > 1:
        own = [line.lateral_m for line in road.lines]
        bar = box(0.0, own[0], 0.35, own[-1] - own[0])
        outlines += place((bar,), foot - before, 0.0)
    crossing = Decal(outlines, *road_paint(rng, road))
    gap = foot - before, foot + length + 0.5
    lines = tuple(_interrupted(line, gap) for line in road.lines)
    figures = tuple(_without(figure, gap) for figure in road.figures)
    figures = (*(f for f in figures if f.outlines), crossing)
    road = replace(road, lines=lines, figures=figures)
    walkers = tuple(
        Prop("walker", foot + length / 2, float(lateral), coat)
        for lateral, coat in zip(
            rng.uniform(left, right, rng.poisson(0.8)), cycle(COATS), strict=False
        )
    )
    return replace(scene, road=road, props=scene.props + walkers)


def cross_road(scene: Scene, rng: np.random.Generator) -> Scene:
    """Put the camera into a crossroad or some metres before it."""
    here, road = scene.camera.station_m, scene.road
    length = rng.uniform(9, 32)
    start = here + rng.uniform(-0.8 * length, 18.0)
    left, right = road.pavement.left_m, road.pavement.right_m
    color, opacity, wear = road_paint(rng, road)
    outlines: list[Outline] = []
    bar = rng.uniform(0.4, 0.5)
    for foot in (start - 5.5, start + length + 1.0):
        if rng.uniform() < 0.8:
            crossing = zebra(left + 0.3, right - 0.3, rng.uniform(3, 4.5), bar)
            outlines += place(crossing, foot, 0.0)
    own = [line.lateral_m for line in road.lines]
    stop = ((0.0, own[0]), (0.0, own[-1]), (0.35, own[-1]), (0.35, own[0]))
    outlines += place((stop,), start - 7.5, 0.0)
    # Lines stop before the pedestrians and go on behind them.
    crossroad = Crossroad(
        start_m=start - 7.0,
        length_m=length + 14.0,
        near_m=7.0,
        far_m=7.0,
        radius_m=float(rng.uniform(3.0, 6.5)),
        gain=float(rng.choice([1.0, rng.uniform(0.75, 1.2)])),
    )
    for edge in (left, right):
        outlines += _arm_paint(rng, crossroad, edge, 1 if edge == right else -1)
    painted = Decal(tuple(outlines), color, opacity, wear)
    figures = [_outside(crossroad, figure) for figure in road.figures]
    crossed = replace(
        road,
        crossroad=crossroad,
        figures=(
            *(f for f in figures if f.outlines),
            painted,
            _kerbs(scene, crossroad),
        ),
        hills=Profile(),
    )
    vehicles = tuple(v for v in scene.vehicles if not crossroad.holds(v.station_m, 6.0))
    crossers = tuple(
        car
        for car in _crossing_cars(rng, start, length)
        if car.station_m > here + _CLEAR_M
    )
    props = scene.props + (crossers if rng.uniform() < 0.6 else ())
    props += tuple(
        Prop("walker", float(start - rng.uniform(1.5, 5)), float(lateral), coat)
        for lateral, coat in zip(
            rng.uniform(left, right, rng.poisson(1.5)), cycle(COATS), strict=False
        )
    )
    return replace(scene, road=crossed, vehicles=vehicles, props=props)


def _arm_paint(
    rng: np.random.Generator, crossroad: Crossroad, edge_m: float, side: int
) -> list[Outline]:
    """Return the markings of the other road on one side of ours.

    Args:
        rng: Source of randomness.
        crossroad: The crossroad.
        edge_m: Our pavement's edge on that side.
        side: -1 on the left, 1 on the right.
    """
    start, end = crossroad.carriageway_m
    first = edge_m + side * (crossroad.radius_m + 0.5)
    outlines: list[Outline] = []
    if rng.uniform() < 0.7:
        for foot in np.arange(start + 0.4, end - 0.6, rng.uniform(0.85, 1.1)).tolist():
            near = min(first, first + side * 3.5)
            outlines.append(box(foot, near, 0.45, 3.5))
        first += side * 5.0
    middle = (start + end) / 2
    # On the way to ours, traffic keeps right, and stops at a bar.
    stop = (start + 0.3, middle - 0.2) if side < 0 else (middle + 0.2, end - 0.3)
    outlines.append(box(stop[0], first - 0.2, stop[1] - stop[0], 0.4))
    num_lanes = max(2, round((end - start) / 3.5))
    for number in range(1, num_lanes):
        along = start + (end - start) * number / num_lanes
        is_middle = 2 * number == num_lanes
        step, length = (3.0, 3.0) if is_middle else (6.0, 2.5)
        for across in np.arange(0.8, 42, step).tolist():
            near = min(first + side * across, first + side * (across + length))
            outlines.append(box(along - 0.07, near, 0.15, length))
    return outlines


def _kerbs(scene: Scene, crossroad: Crossroad) -> Decal:
    """Return the kerbs round the four corners and along the other road."""
    pavement, radius = scene.road.pavement, crossroad.radius_m
    turn = np.linspace(0, np.pi / 2, 7)
    outlines = []
    for side, edge in ((-1, pavement.left_m), (1, pavement.right_m)):
        across = np.concatenate(
            [radius * (1 - np.cos(turn)), [radius + 12, radius + 40]]
        )
        along = np.concatenate([radius * (1 - np.sin(turn)), [0.0, 0.0]])
        for way, foot in zip((-1, 1), crossroad.carriageway_m, strict=True):
            # From our own kerb, which ends some metres before, round the corner.
            laterals = np.concatenate([[0.0], across])
            stations = np.concatenate([[radius + 5.0], along])
            path = np.stack([foot + way * stations, edge + side * laterals], axis=1)
            outlines.append(ribbon(path, 0.28))
    walls = scene.surroundings.walls
    color = walls[0].color if walls else (150.0, 148.0, 142.0)
    return Decal(tuple(outlines), color, 0.9)


def _crossing_cars(
    rng: np.random.Generator, start: float, length: float
) -> tuple[Prop, ...]:
    cars = []
    for share in (0.3, 0.7):
        lateral = rng.uniform(-22, 8)
        for _ in range(rng.integers(0, 3)):
            kind = str(rng.choice(["car_across", "car_across", "van_across"]))
            color = _CAR_COLORS[rng.integers(len(_CAR_COLORS))]
            cars.append(Prop(kind, float(start + share * length), lateral, color))
            lateral += rng.uniform(7.5, 16)
    return tuple(cars)


def _interrupted(line: LaneLine, gap: tuple[float, float]) -> LaneLine:
    return replace(line, stripes=tuple(replace(s, gap=gap) for s in line.stripes))


def _without(figure: Decal, gap: tuple[float, float]) -> Decal:
    """Return what of a figure lies before or behind a gap."""
    kept = tuple(
        outline
        for outline in figure.outlines
        if max(at for at, _ in outline) < gap[0]
        or min(at for at, _ in outline) > gap[1]
    )
    return replace(figure, outlines=kept)


def _outside(crossroad: Crossroad, figure: Decal) -> Decal:
    """Return what of a figure lies outside a crossroad."""
    kept = tuple(
        outline
        for outline in figure.outlines
        if not crossroad.holds(np.array([corner[0] for corner in outline])).any()
    )
    return replace(figure, outlines=kept)

"""The step towards road works: cones, closed lanes, temporary paint."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lanedet.simulation.world.pattern import SOLID, Pattern
from lanedet.simulation.world.road import Decal, LaneLine, Taper
from lanedet.simulation.world.scene import Prop, Scene, Vehicle


def build_road_works(scene: Scene, rng: np.random.Generator) -> Scene:
    """Stand cones, barrels or barriers along one side; most often they close a lane.

    A closed lane is the outermost one, never the ego lane. What is labelled is
    paint, as in the benchmarks, never cones. Where temporary yellow lines are painted,
    they alone are labelled, and what is left of the white ones beside them is not: the
    yellow edge line then follows the cones across the closed lane. Where there are
    none, the white lines stay and so do their labels, whichever side of the cones they
    lie on.
    """
    side = int(rng.choice([-1, 1]))
    lines = scene.road.lines
    # Away from the ego lane there may be no lane to close on this side.
    if not _can_close(lines, side, scene.camera.lateral_m):
        side = -side
    is_closed = _can_close(lines, side, scene.camera.lateral_m) and rng.uniform() < 0.75
    start = float(scene.camera.station_m + rng.uniform(-45, 40))
    taper = Taper(start, float(rng.uniform(30, 80)), 0.0, 0.0)
    if is_closed:
        edge, inner = (lines[0], lines[1]) if side < 0 else (lines[-1], lines[-2])
        taper = replace(taper, after_m=inner.lateral_m - edge.lateral_m)
        scene = _work_on_lane(scene, rng, (edge, inner), taper)
    if not is_closed or rng.uniform() < 0.6:
        scene = _paint_yellow(scene, rng, side, taper)
    outer = lines[0 if side < 0 else -1].lateral_m
    props = _closing_props(rng, scene, taper, outer, side)
    return replace(scene, props=scene.props + props)


def _can_close(lines: Sequence[LaneLine], side: int, lateral_m: float) -> bool:
    """Return whether the outermost lane of a side is not the ego lane."""
    inner = lines[1 if side < 0 else -2].lateral_m
    return len(lines) > 2 and side * (inner - lateral_m) > 0.8


def _work_on_lane(
    scene: Scene,
    rng: np.random.Generator,
    bounds: tuple[LaneLine, LaneLine],
    taper: Taper,
) -> Scene:
    """Clear a closed lane of traffic; its surface may be milled, a lorry stand on it.

    Args:
        scene: The scene.
        rng: Source of randomness.
        bounds: Outer and inner line of the lane.
        taper: How the cones cross it.
    """
    left, right = sorted(line.lateral_m for line in bounds)
    vehicles = tuple(
        v
        for v in scene.vehicles
        if not left < v.lateral_m < right or v.station_m < taper.start_m - 12
    )
    closed = taper.start_m + taper.length_m
    stains = scene.road.stains
    if rng.uniform() < 0.5:
        alongs = np.arange(closed + rng.uniform(2, 20), closed + 90, 5.0).tolist()
        near = [(along, left + 0.3) for along in alongs]
        far = [(along, right - 0.3) for along in reversed(alongs)]
        # Black that covers little darkens and keeps the texture below it.
        milled = Decal(((*near, *far),), (0, 0, 0), float(rng.uniform(0.2, 0.45)))
        stains = (milled, *stains)
    if rng.uniform() < 0.55:
        kind = str(rng.choice(["lorry", "box_van", "pickup"]))
        at = float(max(closed, scene.camera.station_m) + rng.uniform(8, 50))
        orange = (rng.uniform(205, 240), rng.uniform(110, 165), rng.uniform(20, 50))
        vehicles += (Vehicle(kind, at, (left + right) / 2, 0.0, orange),)
    road = replace(scene.road, stains=stains)
    return replace(scene, road=road, vehicles=vehicles)


def _paint_yellow(
    scene: Scene, rng: np.random.Generator, side: int, taper: Taper
) -> Scene:
    """Paint temporary yellow lines beside the older ones, which turn into ghosts."""
    road = scene.road
    ends = (road.lines[0], road.lines[-1])
    shift = rng.normal(0, 0.25)
    lines = [
        _moved(_yellow_line(rng, line, SOLID if line in ends else None), shift)
        for line in road.lines
    ]
    if taper.after_m:
        edge, inner = (0, 1) if side < 0 else (-1, -2)
        lines[edge] = replace(lines[edge], taper=taper)
        # Where half of the lane is closed, the line beside it ends.
        half = taper.start_m + taper.length_m / 2
        lines[inner] = replace(lines[inner], end_m=half)
    old = [
        replace(stripe, opacity=stripe.opacity * rng.uniform(0.2, 0.7))
        for line in road.lines
        for stripe in line.stripes
    ]
    new = replace(road, lines=tuple(lines), ghosts=road.ghosts + tuple(old))
    return replace(scene, road=new)


def _closing_props(
    rng: np.random.Generator, scene: Scene, taper: Taper, outer_m: float, side: int
) -> tuple[Prop, ...]:
    """Return what stands along the open road, and a board that points to it."""
    here = scene.camera.station_m
    beside = side * rng.uniform(0.35, 0.8)
    kind = str(rng.choice(["cone", "cone", "barrel", "barrier"]))
    spacing = 2.2 if kind == "barrier" else rng.uniform(4, 14)
    first = here + rng.uniform(-4, 10)
    if taper.after_m:
        first = max(taper.start_m, here - 4)
        spacing = min(spacing, 8.0)
    stations = np.arange(first, here + 120, spacing)
    laterals = outer_m + beside + taper.at(stations)
    laterals += rng.normal(0, 0.06, len(stations))
    props = [
        Prop(kind, float(station), float(lateral))
        for station, lateral in zip(stations, laterals, strict=True)
    ]
    if rng.uniform() < 0.5:
        board = here + rng.uniform(30, 80)
        lateral = outer_m + beside + float(taper.at(board)) + side * 1.2
        props.append(Prop("board", float(board), float(lateral)))
    return tuple(props)


def _yellow_line(
    rng: np.random.Generator, line: LaneLine, pattern: Pattern | None
) -> LaneLine:
    stripe = line.stripes[0]
    yellow = (rng.uniform(205, 240), rng.uniform(150, 185), rng.uniform(30, 70))
    painted = replace(
        stripe,
        lateral_m=line.lateral_m,
        color=yellow,
        opacity=float(rng.uniform(0.75, 1.0)),
        wear=float(rng.uniform(0, 0.2)),
        pattern=pattern or stripe.pattern,
    )
    return replace(line, stripes=(painted,))


def _moved(line: LaneLine, shift: float) -> LaneLine:
    stripes = tuple(
        replace(s, lateral_m=float(s.lateral_m + shift)) for s in line.stripes
    )
    return replace(line, lateral_m=float(line.lateral_m + shift), stripes=stripes)

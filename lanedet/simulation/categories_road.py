"""Steps towards a category that change the road and its paint."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle

import numpy as np

from lanedet.simulation.figures import (
    Outline,
    Outlines,
    box,
    place,
    ribbon,
    word,
    zebra,
)
from lanedet.simulation.random_figures import (
    random_arrows,
    random_letters,
    random_stains,
    road_paint,
)
from lanedet.simulation.random_traffic import COATS
from lanedet.simulation.road import (
    SOLID,
    Crossroad,
    Decal,
    LaneLine,
    Pattern,
    Profile,
    Stripe,
    Taper,
    Wave,
)
from lanedet.simulation.scene import Prop, Scene, Vehicle

_BUS_LANES = ((150, 62, 52), (142, 70, 50), (176, 128, 70), (70, 112, 82))
"""Red, rust, ochre and green: what lanes for buses are coated with."""

_KERB_M = 0.25

_CAR_COLORS = ((222, 222, 220), (40, 42, 46), (120, 124, 128), (150, 32, 30))


def age_road(scene: Scene, rng: np.random.Generator) -> Scene:
    """Add repairs, cracks, tyre marks and what is left of older markings."""
    road = scene.road
    stains = random_stains(rng, road, scene.camera.station_m)
    ghosts: list[Stripe] = []
    if rng.uniform() < 0.3:
        for _ in range(rng.integers(1, 4)):
            ghost = _ghost(scene, rng)
            ghosts.append(ghost)
            if rng.uniform() < 0.35:
                # What is left of a double marking.
                apart = ghost.width_m + float(rng.uniform(0.08, 0.2))
                ghosts.append(replace(ghost, lateral_m=ghost.lateral_m + apart))
    road = replace(road, stains=road.stains + stains, ghosts=(*road.ghosts, *ghosts))
    return replace(scene, road=road)


def paint_some_figures(scene: Scene, rng: np.random.Generator) -> Scene:
    """Paint arrows or letters on some of the roads."""
    kind = rng.uniform()
    if kind < 0.12:
        return paint_arrows(scene, rng)
    if kind < 0.22:
        return _with_figures(
            scene, random_letters(rng, scene.road, scene.camera.station_m)
        )
    return scene


def paint_arrows(scene: Scene, rng: np.random.Generator) -> Scene:
    """Paint an arrow into every lane, with a word or a diamond now and then."""
    station = scene.camera.station_m
    figures = random_arrows(rng, scene.road, station)
    if rng.uniform() < 0.25:
        figures += random_letters(rng, scene.road, station)
    return _with_figures(scene, figures)


def paint_some_zebras(scene: Scene, rng: np.random.Generator) -> Scene:
    """Lay a zebra crossing across some of the streets; labels run through it."""
    road = scene.road
    if rng.uniform() > 0.3 or not _is_street(scene):
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


def _is_street(scene: Scene) -> bool:
    """Return whether there are kerbs, so people on foot."""
    return any(wall.top_m <= _KERB_M for wall in scene.surroundings.walls)


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


def colour_some_bus_lanes(scene: Scene, rng: np.random.Generator) -> Scene:
    """Give the rightmost lane of some of the wider streets a colour of its own."""
    road, here = scene.road, scene.camera.station_m
    if rng.uniform() > 0.2 or len(road.lines) < 3 or not _is_street(scene):
        return scene
    left, right = road.lines[-2].lateral_m, road.lines[-1].lateral_m
    first = here + float(rng.choice([-8.0, rng.uniform(5, 40)]))
    alongs = np.linspace(first, here + 140, 26).tolist()
    near = [(along, left + 0.1) for along in alongs]
    far = [(along, right - 0.1) for along in reversed(alongs)]
    hue = _BUS_LANES[rng.integers(len(_BUS_LANES))]
    gain = rng.uniform(0.75, 1.15)
    color = (hue[0] * gain, hue[1] * gain, hue[2] * gain)
    surface = Decal(((*near, *far),), color, float(rng.uniform(0.4, 0.85)))
    road = replace(road, stains=(surface, *road.stains))
    if rng.uniform() < 0.6:
        texts = word("BUS", float(rng.uniform(1.8, 3.0)))
        letters = place(
            texts, max(first, here) + rng.uniform(5, 25), (left + right) / 2
        )
        figure = Decal(letters, *road_paint(rng, road))
        road = replace(road, figures=(*road.figures, figure))
    return replace(scene, road=road)


def change_lane_count(scene: Scene, rng: np.random.Generator) -> Scene:
    """Let the rightmost lane begin or end ahead on some of the wider roads."""
    lines = scene.road.lines
    if len(lines) < 4 or lines[-2].lateral_m < 1 or rng.uniform() > 0.2:
        return scene
    if scene.road.ramp is not None:
        return scene
    inner, edge = lines[-2], lines[-1]
    start = scene.camera.station_m + rng.uniform(-20, 60)
    length = rng.uniform(50, 110)
    closed = inner.lateral_m - edge.lateral_m
    if rng.uniform() < 0.5:
        # Where it is half as wide as a lane, the line beside it ends or begins.
        edge = replace(edge, taper=Taper(start, length, 0.0, closed))
        inner = replace(inner, end_m=start + 0.5 * length)
    else:
        edge = replace(edge, taper=Taper(start, length, closed, 0.0))
        inner = replace(inner, start_m=start + 0.5 * length)
    middle = (lines[-2].lateral_m + lines[-1].lateral_m) / 2
    vehicles = tuple(v for v in scene.vehicles if abs(v.lateral_m - middle) > 1.2)
    road = replace(
        scene.road,
        lines=(*lines[:-2], inner, edge),
        stains=tuple(_narrowed(stain, edge) for stain in scene.road.stains),
        figures=tuple(_between_lines(f, edge) for f in scene.road.figures),
    )
    scene = replace(scene, road=road, vehicles=vehicles)
    if rng.uniform() < 0.5:
        stations = np.arange(start - 20, start + length + 20, rng.uniform(2, 4))
        hatched = Decal(_hatching(edge, stations), *road_paint(rng, road))
        scene = _with_figures(scene, (hatched,))
    return scene


def _narrowed(surface: Decal, edge: LaneLine) -> Decal:
    """Return what of a surface lies to the left of a road's rightmost line."""
    kept = []
    for outline in surface.outlines:
        stations = np.array([at for at, _ in outline])
        rooms = np.asarray(edge.lateral_at(stations)) - 0.1
        # What tapers with the lane ends where that is too narrow to drive on.
        left = min(lateral for _, lateral in outline)
        corners = tuple(
            (at, min(lateral, room))
            for (at, lateral), room in zip(outline, rooms.tolist(), strict=True)
            if room > left + 0.3 or lateral <= room
        )
        if len(corners) > 2:
            kept.append(corners)
    return replace(surface, outlines=tuple(kept))


def _between_lines(figure: Decal, edge: LaneLine) -> Decal:
    """Return the parts of a figure that cross a road's rightmost line nowhere."""
    kept = tuple(
        outline
        for outline in figure.outlines
        if all(lateral < edge.lateral_at(at) for at, lateral in outline)
    )
    return replace(figure, outlines=kept)


def hide_lines(scene: Scene, rng: np.random.Generator) -> Scene:
    """Leave little or nothing of the paint; lanes remain, and so do their labels."""
    bare_share = rng.choice([0.3, 0.7, 1.0])
    visibility = rng.uniform(0.04, 0.16)
    lines = []
    for line in scene.road.lines:
        stripes = tuple(
            replace(stripe, opacity=stripe.opacity * visibility)
            for stripe in line.stripes
        )
        is_bare = rng.uniform() < bare_share
        lines.append(replace(line, stripes=() if is_bare else stripes))
    return replace(scene, road=replace(scene.road, lines=tuple(lines)))


def bend_road(scene: Scene, rng: np.random.Generator) -> Scene:
    """Put the camera before a bend of small radius."""
    radius = np.exp(rng.uniform(np.log(60), np.log(220)))
    length = rng.uniform(220, 420)
    # A sine bends most at its crest: that lies a little ahead of the camera.
    apex = scene.camera.station_m + rng.uniform(5, 60)
    side = rng.choice([-1, 1])
    factor = 2 * np.pi / length
    wave = Wave(
        amplitude_m=float(1 / (radius * factor**2)),
        length_m=float(length),
        phase_rad=float((side * np.pi / 2 - factor * apex) % (2 * np.pi)),
    )
    return replace(scene, road=replace(scene.road, course=Profile((wave,))))


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
    crossers = _crossing_cars(rng, start, length)
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


def _with_figures(scene: Scene, figures: tuple[Decal, ...]) -> Scene:
    road = replace(scene.road, figures=scene.road.figures + figures)
    return replace(scene, road=road)


def _hatching(edge: LaneLine, stations: np.ndarray) -> Outlines:
    """Return oblique bars beside a line, where it leaves room to its own place."""
    bars = []
    right = edge.lateral_m
    for foot in stations.tolist():
        left = float(edge.lateral_at(foot)) + 0.25
        slope = right - left
        if slope > 0.6:
            far = foot + slope
            bars.append(
                ((foot, left), (foot + 0.45, left), (far + 0.45, right), (far, right))
            )
    return tuple(bars)


def _outside(crossroad: Crossroad, figure: Decal) -> Decal:
    """Return what of a figure lies outside a crossroad."""
    kept = tuple(
        outline
        for outline in figure.outlines
        if not crossroad.holds(np.array([corner[0] for corner in outline])).any()
    )
    return replace(figure, outlines=kept)


def _ghost(scene: Scene, rng: np.random.Generator) -> Stripe:
    """Return a removed marking: a pale or a black trace somewhere on the lanes."""
    lines = scene.road.lines
    near = lines[rng.integers(len(lines))].lateral_m
    pattern = SOLID if rng.uniform() < 0.4 else Pattern(15.0, ((0.0, 6.0),))
    grey = rng.choice([rng.uniform(20, 45), rng.uniform(150, 220)])
    return Stripe(
        lateral_m=float(near + rng.choice([-1, 1]) * rng.uniform(0.25, 1.6)),
        width_m=float(rng.uniform(0.1, 0.22)),
        pattern=pattern,
        phase_m=float(rng.uniform(0, 15)),
        color=(grey, grey, grey),
        opacity=float(rng.uniform(0.08, 0.3)),
        wear=float(rng.uniform(0.2, 0.6)),
    )


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

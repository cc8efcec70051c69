"""Steps towards a category that change the road and its paint."""

from dataclasses import replace

import numpy as np

from lanedet.simulation.sampling.outlines import place, word
from lanedet.simulation.sampling.road_figures import (
    random_arrows,
    random_letters,
    random_stains,
    road_paint,
)
from lanedet.simulation.world.outline import Outlines
from lanedet.simulation.world.pattern import SOLID, Pattern
from lanedet.simulation.world.road import Decal, LaneLine, Profile, Stripe, Taper, Wave
from lanedet.simulation.world.scene import Scene

_BUS_LANES = ((150, 62, 52), (142, 70, 50), (176, 128, 70), (70, 112, 82))
"""The coats of lanes for buses: red, rust, ochre and green."""


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


def color_some_bus_lanes(scene: Scene, rng: np.random.Generator) -> Scene:
    """Give the rightmost lane of some of the wider streets a color of its own."""
    road, here = scene.road, scene.camera.station_m
    if rng.uniform() > 0.2 or len(road.lines) < 3 or not scene.surroundings.has_kerbs:
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

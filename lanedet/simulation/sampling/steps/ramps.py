"""The step that lets another road leave or join: exits and entries."""

from dataclasses import replace

import numpy as np

from lanedet.simulation.world.pattern import SOLID, Pattern
from lanedet.simulation.world.road import Decal, LaneLine, Ramp, Taper
from lanedet.simulation.world.scene import Scene


def build_some_exits(scene: Scene, rng: np.random.Generator) -> Scene:
    """Let another road leave or join some of the roads; the labels go straight on.

    Three of five are exits, the others entries; most lie to the right. A lane beside
    the road's edge line, behind short dashes, leads to an exit or begins at an entry.
    """
    road = scene.road
    # To the left of a motorway there may be another carriageway.
    is_left = not scene.surroundings.strips and rng.uniform() < 0.25
    side = -1 if is_left else 1
    edge = road.lines[0 if is_left else -1]
    if rng.uniform() > 0.18 or not edge.stripes or edge.taper is not None:
        return scene
    width = rng.uniform(3.6, 5.5)
    taper = _ramp_taper(rng, scene.camera.station_m, side, rng.uniform() < 0.6)
    outer = road.pavement.right_m if side > 0 else road.pavement.left_m
    shoulder = abs(outer - edge.lateral_m)
    ramp = Ramp(taper, float(width + shoulder + rng.uniform(0.4, 1.2)), side)
    lines = _ramp_lines(rng, edge, taper, side, float(width))
    figures = road.figures
    if rng.uniform() < 0.45:
        figures = (*figures, _gore(rng, lines[0], edge, side))
    bare = replace(edge, stripes=())
    kept = (bare, *road.lines[1:]) if is_left else (*road.lines[:-1], bare)
    road = replace(road, lines=kept, ramp=ramp, ramp_lines=lines, figures=figures)
    return replace(scene, road=road)


def _ramp_taper(
    rng: np.random.Generator, here_m: float, side: int, is_exit: bool
) -> Taper:
    """Return how the outer edge of an exit's or an entry's road runs."""
    away = side * float(rng.uniform(9, 16))
    run = float(rng.uniform(70, 170))
    if is_exit:
        return Taper(float(here_m + rng.uniform(-25, 70)), run, 0.0, away)
    return Taper(float(here_m + rng.uniform(-0.6, 0.3) * run), run, away, 0.0)


def _ramp_lines(
    rng: np.random.Generator, edge: LaneLine, taper: Taper, side: int, width: float
) -> tuple[LaneLine, ...]:
    """Return the lines of an exit or an entry; its own inner line comes first.

    Args:
        rng: Source of randomness.
        edge: The road's edge line on that side.
        taper: See :class:`~lanedet.simulation.world.road.Ramp`.
        side: -1 to the left, 1 to the right.
        width: The width of its lane, in metres.
    """
    along = np.linspace(taper.start_m, taper.start_m + taper.length_m, 60)
    apart = np.flatnonzero(np.abs(taper.at(along)) >= width)
    is_exit = taper.before_m == 0
    nose = float(along[apart[0] if is_exit else apart[-1]])
    solid = replace(edge.stripes[-1 if side > 0 else 0], pattern=SOLID)
    length = rng.uniform(0.9, 2.0)
    gaps = replace(
        solid,
        pattern=Pattern(3 * length, ((0.0, length),)),
        width_m=float(solid.width_m * rng.uniform(1.0, 2.0)),
    )
    inner = replace(solid, lateral_m=float(solid.lateral_m - side * width))
    at, first, last = edge.lateral_m, float(along[0]), float(along[-1])
    if is_exit:
        return (
            LaneLine(inner.lateral_m, (inner,), start_m=nose, taper=taper),
            replace(edge, end_m=first),
            LaneLine(at, (gaps,), start_m=first, end_m=nose),
            LaneLine(at, (solid,), start_m=nose),
            LaneLine(at, (solid,), start_m=first, taper=taper),
        )
    return (
        LaneLine(inner.lateral_m, (inner,), end_m=nose, taper=taper),
        LaneLine(at, (solid,), end_m=nose),
        LaneLine(at, (gaps,), start_m=nose, end_m=last),
        replace(edge, start_m=last),
        LaneLine(at, (solid,), end_m=last, taper=taper),
    )


def _gore(
    rng: np.random.Generator, ramp_line: LaneLine, edge: LaneLine, side: int
) -> Decal:
    """Return chevrons between the road's edge line and the ramp's inner line."""
    is_exit = ramp_line.end_m == np.inf
    nose = ramp_line.start_m if is_exit else ramp_line.end_m
    way = 1 if is_exit else -1
    bars = []
    for away in np.arange(3, 40, rng.uniform(3, 6)).tolist():
        foot = nose + way * away
        near = edge.lateral_m + side * 0.1
        far = float(ramp_line.lateral_at(foot)) - side * 0.1
        middle, tip = (near + far) / 2, foot + way * abs(far - near)
        bars.append(
            (
                (foot, near), (tip, middle), (foot, far),
                (foot + way * 0.6, far), (tip + way * 0.6, middle),
                (foot + way * 0.6, near),
            )
        )  # fmt: skip
    stripe = edge.stripes[-1]
    return Decal(tuple(bars), stripe.color, stripe.opacity, stripe.wear)

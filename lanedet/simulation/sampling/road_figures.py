"""Random figures on the road: what paint, repairs and tyres leave there."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from lanedet.simulation.sampling.outlines import (
    box,
    crack,
    diamond,
    forked_arrow,
    place,
    skid,
    straight_arrow,
    turn_arrow,
    word,
)
from lanedet.simulation.world.outline import Outlines
from lanedet.simulation.world.road import Decal, Road

_TAR = (26.0, 26.0, 27.0)
_REACH_M = 90.0
_WORDS = (
    ("STOP",), ("BUS",), ("BUS", "LANE"), ("ONLY",), ("SLOW",), ("TAXI",), ("EXIT",),
    ("AHEAD", "STOP"), ("ONLY", "BUS"), ("30",), ("40",), ("50",), ("60",),
    ("80",),
)  # fmt: skip
"""Words on the road, each word of one group behind the other."""


def lane_middles(road: Road) -> list[float]:
    """Return the middle of each lane, from left to right."""
    laterals = [line.lateral_m for line in road.lines]
    return [(a + b) / 2 for a, b in pairwise(laterals)]


def random_stains(
    rng: np.random.Generator, road: Road, station_m: float
) -> tuple[Decal, ...]:
    """Return patches, cracks, tar seams and tyre marks ahead of a station."""
    amount = rng.choice([0.3, 1.0, 2.0], p=[0.4, 0.4, 0.2])
    patches = [_patch(rng, road, station_m) for _ in range(rng.poisson(1.2 * amount))]
    cracks = [_crack(rng, road, station_m) for _ in range(rng.poisson(3 * amount))]
    skids = [_skid(rng, road, station_m) for _ in range(rng.poisson(0.8 * amount))]
    return (*patches, *cracks, *skids)


def random_arrows(
    rng: np.random.Generator, road: Road, station_m: float
) -> tuple[Decal, ...]:
    """Return a row of lane arrows, and sometimes further ones behind it."""
    length = rng.choice([3.0, 6.0, 6.0])
    first = station_m + rng.uniform(4, 22)
    spacing = rng.uniform(25, 60)
    stations = first + spacing * np.arange(rng.integers(1, 4))
    middles = lane_middles(road)
    outlines: list[Outlines] = []
    for number, middle in enumerate(middles):
        arrow = _lane_arrow(rng, length, number, len(middles))
        outlines += [place(arrow, float(station), middle) for station in stations]
    arrows = _painted(rng, road, outlines)
    # Of what directs traffic more is left than of old lines.
    opacity, wear = max(arrows.opacity, 0.5), min(arrows.wear, 0.45)
    return (replace(arrows, opacity=opacity, wear=wear),)


def random_letters(
    rng: np.random.Generator, road: Road, station_m: float
) -> tuple[Decal, ...]:
    """Return a word, a number or a pair of diamonds in one lane."""
    middles = lane_middles(road)
    station = station_m + rng.uniform(5, 35)
    middle = middles[rng.integers(len(middles))]
    if rng.uniform() < 0.4:
        shapes = [place(diamond(3.0), station + gap, middle) for gap in (0.0, 15.0)]
    else:
        texts = _WORDS[rng.integers(len(_WORDS))]
        height = rng.uniform(1.6, 3.2)
        # A driver reads the near word first.
        stations = station + np.arange(len(texts)) * height * 1.9
        shapes = [
            place(word(text, height), at, middle)
            for text, at in zip(texts, stations, strict=True)
        ]
    return (_painted(rng, road, shapes),)


def road_paint(
    rng: np.random.Generator, road: Road
) -> tuple[tuple[float, float, float], float, float]:
    """Return color, opacity and wear of a figure, about those of the lines."""
    stripes = [stripe for line in road.lines for stripe in line.stripes]
    opacity = stripes[-1].opacity if stripes else 0.6
    wear = stripes[-1].wear if stripes else 0.3
    grey = rng.uniform(190, 240)
    return (
        (grey, grey, grey * 0.97),
        float(np.clip(opacity * rng.uniform(0.7, 1.05), 0.25, 1)),
        float(np.clip(wear + rng.normal(0, 0.1), 0, 0.6)),
    )


def _painted(rng: np.random.Generator, road: Road, shapes: list[Outlines]) -> Decal:
    color, opacity, wear = road_paint(rng, road)
    outlines = tuple(outline for shape in shapes for outline in shape)
    return Decal(outlines, color, opacity, wear)


def _lane_arrow(
    rng: np.random.Generator, length: float, number: int, num_lanes: int
) -> Outlines:
    """Return the arrow of a lane: outer lanes turn, inner ones go ahead."""
    kind = rng.uniform()
    if number == 0 and kind < 0.7:
        return (turn_arrow if kind < 0.45 else forked_arrow)(length, -1)
    if number == num_lanes - 1 and kind < 0.7:
        return (turn_arrow if kind < 0.3 else forked_arrow)(length, 1)
    return straight_arrow(length)


def _somewhere(
    rng: np.random.Generator, road: Road, station_m: float
) -> tuple[float, float]:
    # Near things are large in the picture: most of them lie near.
    station = station_m + _REACH_M * rng.uniform(0.02, 1) ** 1.5
    return station, rng.uniform(road.pavement.left_m, road.pavement.right_m)


def _patch(rng: np.random.Generator, road: Road, station_m: float) -> Decal:
    station, lateral = _somewhere(rng, road, station_m)
    length, width = rng.uniform(0.8, 9), rng.uniform(0.5, 3.2)
    gain = rng.choice([rng.uniform(0.5, 0.85), rng.uniform(1.1, 1.3)], p=[0.75, 0.25])
    red, green, blue = (float(channel * gain) for channel in road.pavement.color)
    outline = box(0.0, -width / 2, length, width)
    return Decal(
        place((outline,), station, lateral),
        (red, green, blue),
        float(rng.uniform(0.5, 0.85)),
    )


def _crack(rng: np.random.Generator, road: Road, station_m: float) -> Decal:
    """Return a crack, open or sealed with tar, along or across the road."""
    station, lateral = _somewhere(rng, road, station_m)
    is_sealed = rng.uniform() < 0.5
    width = rng.uniform(0.04, 0.11) if is_sealed else rng.uniform(0.012, 0.03)
    tilt = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.15)
    length = rng.uniform(2, 25) if abs(tilt) < 0.8 else rng.uniform(2, 7)
    outline = crack(rng, float(length), float(width), float(tilt))
    opacity = rng.uniform(0.5, 0.95) if is_sealed else rng.uniform(0.35, 0.7)
    return Decal(place((outline,), station, lateral), _TAR, float(opacity))


def _skid(rng: np.random.Generator, road: Road, station_m: float) -> Decal:
    station, lateral = _somewhere(rng, road, station_m - 10)
    outlines = skid(rng, float(rng.uniform(8, 45)))
    return Decal(
        place(outlines, station, lateral), _TAR, float(rng.uniform(0.12, 0.45))
    )

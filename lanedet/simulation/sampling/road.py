"""Random roads: their course, lanes, markings and pavement."""

from dataclasses import replace

import numpy as np

from lanedet.simulation.world.pattern import SOLID, Pattern
from lanedet.simulation.world.road import (
    LaneLine,
    Pavement,
    Profile,
    Road,
    Seam,
    Stripe,
    Wave,
)

_PATTERNS = (
    Pattern(12.0, ((0.0, 3.0),)),
    Pattern(12.2, ((0.0, 3.05),)),
    Pattern(18.0, ((0.0, 6.0),)),
    Pattern(12.0, ((0.0, 4.0),)),
    Pattern(9.0, ((0.0, 3.0),)),
    Pattern(12.0, ((0.0, 6.0),)),
    Pattern(4.5, ((0.0, 2.0),)),
    # Dashes with a reflector in the gap.
    Pattern(14.6, ((0.0, 3.6), (9.0, 0.12))),
    # Raised dots in groups of four, with a reflector between the groups.
    Pattern(14.6, ((0.0, 0.12), (1.2, 0.12), (2.4, 0.12), (3.6, 0.12), (9.0, 0.12))),
)


def random_road(rng: np.random.Generator) -> Road:
    """Return a random road; the ego lane is centred on its reference line."""
    lines = _random_lines(rng)
    return Road(
        course=_random_course(rng),
        hills=_random_hills(rng),
        lines=lines,
        pavement=_random_pavement(rng, lines),
    )


def _random_course(rng: np.random.Generator) -> Profile:
    """Return a course whose bends are as sharp as one drawn radius allows."""
    radius = np.exp(rng.uniform(np.log(250), np.log(8000)))
    waves = []
    for share, lengths in ((0.7, (600, 1500)), (0.3, (250, 500))):
        length = rng.uniform(*lengths)
        amplitude = share / radius * (length / (2 * np.pi)) ** 2
        waves.append(Wave(amplitude, length, rng.uniform(0, 2 * np.pi)))
    return Profile(tuple(waves))


def _random_hills(rng: np.random.Generator) -> Profile:
    radius = np.exp(rng.uniform(np.log(1500), np.log(20000)))
    length = rng.uniform(250, 900)
    amplitude = (length / (2 * np.pi)) ** 2 / radius
    return Profile((Wave(amplitude, length, rng.uniform(0, 2 * np.pi)),))


def _random_lines(rng: np.random.Generator) -> tuple[LaneLine, ...]:
    num_lanes = int(rng.choice([1, 2, 3, 4, 5], p=[0.04, 0.2, 0.31, 0.3, 0.15]))
    # Half of the drivers keep to an inner lane, where there is one.
    is_inner = num_lanes > 2 and rng.uniform() < 0.5
    own = int(rng.integers(is_inner, num_lanes - is_inner))
    lane_width = rng.uniform(3.0, 3.9)
    style = _random_stripe(rng)
    white_inner = replace(style, pattern=_PATTERNS[rng.integers(len(_PATTERNS))])
    white_edge = replace(style, width_m=style.width_m * rng.choice([1.0, 1.0, 1.4]))
    yellow = (rng.uniform(195, 240), rng.uniform(140, 190), rng.uniform(35, 95))
    two_way = num_lanes == 2 and rng.uniform() < 0.4
    left_edge = white_edge
    if not two_way and rng.uniform() < 0.55:
        left_edge = replace(white_edge, color=yellow)
    stripes = [left_edge, *[white_inner] * (num_lanes - 1), white_edge]
    lines = [
        _line((number - own - 0.5) * lane_width, (_worn(rng, stripe),))
        for number, stripe in enumerate(stripes)
    ]
    if two_way:
        lines[1] = _two_way_line(rng, lines[1], yellow)
    if num_lanes >= 3 and rng.uniform() < 0.15:
        # A carpool lane behind a solid double marking.
        lines[1] = _double(lines[1], SOLID, SOLID)
    if rng.uniform() < 0.12:
        lines[0] = _double(lines[0], SOLID, SOLID)
    if rng.uniform() < 0.15:
        lines = [_mirrored(line) for line in reversed(lines)]
    return tuple(lines)


def _random_stripe(rng: np.random.Generator) -> Stripe:
    """Return the common style of a road's white paint."""
    grey = rng.uniform(190, 250)
    opacity = rng.choice([1.0, 0.85, 0.65, 0.45], p=[0.45, 0.25, 0.2, 0.1])
    wear = rng.choice([0.0, 0.15, 0.35, 0.55], p=[0.35, 0.35, 0.2, 0.1])
    return Stripe(
        lateral_m=0.0,
        width_m=float(rng.uniform(0.1, 0.18)),
        pattern=SOLID,
        phase_m=float(rng.uniform(0, 20)),
        color=(grey, grey, grey * rng.uniform(0.9, 1.0)),
        opacity=float(opacity),
        wear=float(wear),
    )


def _worn(rng: np.random.Generator, stripe: Stripe) -> Stripe:
    """Return a stripe a little more or less worn than the road's others."""
    return replace(
        stripe,
        phase_m=stripe.phase_m + rng.choice([0.0, rng.uniform(0, 12)]),
        opacity=float(np.clip(stripe.opacity * rng.uniform(0.8, 1.1), 0.25, 1)),
        wear=float(np.clip(stripe.wear + rng.normal(0, 0.06), 0, 0.65)),
    )


def _line(lateral: float, stripes: tuple[Stripe, ...]) -> LaneLine:
    """Return a line with its stripes, given around 0, moved to where it lies."""
    moved = tuple(replace(s, lateral_m=s.lateral_m + lateral) for s in stripes)
    return LaneLine(float(lateral), moved)


def _double(line: LaneLine, left: Pattern, right: Pattern) -> LaneLine:
    stripe = replace(line.stripes[0], lateral_m=0.0)
    apart = 0.5 * stripe.width_m + 0.08
    pair = (
        replace(stripe, lateral_m=-apart, pattern=left),
        replace(stripe, lateral_m=apart, pattern=right),
    )
    return _line(line.lateral_m, pair)


def _two_way_line(
    rng: np.random.Generator, line: LaneLine, yellow: tuple[float, float, float]
) -> LaneLine:
    """Return the line between opposite directions: double, some of it dashed."""
    dashes = line.stripes[0].pattern
    if rng.uniform() < 0.7:
        painted = replace(line.stripes[0], color=yellow)
        line = replace(line, stripes=(painted,))
    patterns = ((SOLID, SOLID), (dashes, SOLID), (SOLID, dashes))
    left, right = patterns[rng.choice(3, p=[0.6, 0.2, 0.2])]
    return _double(line, left, right)


def _mirrored(line: LaneLine) -> LaneLine:
    stripes = [replace(s, lateral_m=-s.lateral_m) for s in reversed(line.stripes)]
    return LaneLine(-line.lateral_m, tuple(stripes))


def _random_pavement(rng: np.random.Generator, lines: tuple[LaneLine, ...]) -> Pavement:
    is_concrete = rng.uniform() < 0.35
    grey = rng.uniform(105, 165) if is_concrete else rng.uniform(48, 120)
    tint = rng.normal(0, 0.02) + (0.03 if is_concrete else -0.005)
    left, right = rng.uniform(0.3, 3.5, size=2)
    gains = 1 + rng.normal(0, rng.choice([0.0, 0.03, 0.08]), len(lines) - 1)
    return Pavement(
        left_m=float(lines[0].lateral_m - left),
        right_m=float(lines[-1].lateral_m + right),
        color=(grey * (1 + tint), grey, grey * (1 - tint)),
        shoulder_gain=float(rng.uniform(0.75, 1.15)),
        track_gain=float(rng.uniform(0.86, 1.1)),
        oil_gain=float(rng.uniform(0.78, 1.0)),
        lane_gains=tuple(float(gain) for gain in gains),
        grain=float(rng.uniform(0.03, 0.1)),
        patchiness=float(rng.uniform(0.01, 0.07)),
        joint_spacing_m=float(rng.uniform(4, 7)) if is_concrete else 0.0,
        seams=_random_seams(rng, lines, is_concrete),
    )


def _random_seams(
    rng: np.random.Generator, lines: tuple[LaneLine, ...], is_concrete: bool
) -> tuple[Seam, ...]:
    """Return the dark joints that lie beside the markings, and some elsewhere."""
    beside = float(rng.normal(0, 0.15))
    seams = []
    for line in lines if is_concrete or rng.uniform() < 0.3 else ():
        gain = rng.uniform(0.35, 0.75)
        seams.append(Seam(line.lateral_m + beside, rng.uniform(0.03, 0.08), gain))
    for _ in range(rng.poisson(0.6)):
        lateral = rng.uniform(lines[0].lateral_m, lines[-1].lateral_m)
        seams.append(Seam(lateral, rng.uniform(0.03, 0.12), rng.uniform(0.5, 1.25)))
    return tuple(Seam(float(s.lateral_m), s.width_m, s.gain) for s in seams)

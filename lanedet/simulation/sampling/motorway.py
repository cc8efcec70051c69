"""Random motorways: lines, pavement, joints, and what stands beside them.

Many motorways, most of all Californian ones, show little paint: raised dots, faded
dashes on pale concrete, and dark joints beside them that are easier to see than the
markings.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lanedet.simulation.world.color import Color, mix, shade
from lanedet.simulation.world.pattern import SOLID, Pattern
from lanedet.simulation.world.road import LaneLine, Pavement, Road, Seam, Stripe
from lanedet.simulation.world.scene import Strip, Surroundings, Wall

_PERIOD_M = 14.63
"""The length after which dots and dashes of American motorways repeat: 48 feet."""

_DASH_M = 3.66
_REFLECTOR_M = 9.0
_WHITE_GREYS = (215, 255)


def motorway_lines(rng: np.random.Generator, is_concrete: bool) -> tuple[LaneLine, ...]:
    """Return the lines of three to six lanes, the ego lane around 0."""
    num_lanes = int(rng.choice([2, 3, 4, 5, 6], p=[0.08, 0.22, 0.35, 0.25, 0.1]))
    own = int(rng.integers(num_lanes))
    width = rng.uniform(3.4, 3.85)
    places = [(number - own - 0.5) * width for number in range(num_lanes + 1)]
    grey = rng.uniform(*_WHITE_GREYS)
    white = (grey, grey, grey * rng.uniform(0.92, 1.0))
    yellow = (rng.uniform(190, 240), rng.uniform(135, 185), rng.uniform(30, 90))
    style = str(rng.choice(["dots", "both", "dashes"], p=[0.4, 0.3, 0.3]))
    opacity = rng.uniform(0.25, 0.6) if rng.uniform() < 0.35 else rng.uniform(0.6, 1)
    phase = rng.uniform(0, _PERIOD_M)
    lines = []
    for number, lateral in enumerate(places):
        at = float(lateral + rng.normal(0, 0.03))
        if number == 0:
            stripes = _edge_stripes(rng, yellow if rng.uniform() < 0.8 else white)
        elif number == num_lanes:
            stripes = _edge_stripes(rng, white)
        else:
            own_style = style
            if rng.uniform() < 0.15:
                own_style = str(rng.choice(["dots", "both", "dashes"]))
            worn = float(np.clip(opacity * rng.uniform(0.7, 1.2), 0.2, 1))
            phase_m = float(phase + rng.choice([0, rng.uniform(0, _PERIOD_M)]))
            stripes = _lane_stripes(rng, own_style, white, worn, phase_m, is_concrete)
        lines.append(_line(at, stripes))
    if num_lanes > 3 and rng.uniform() < 0.18:
        color = yellow if rng.uniform() < 0.6 else white
        lines[1] = _line(lines[1].lateral_m, _double_stripes(rng, color))
    return tuple(lines)


def _line(lateral: float, stripes: Sequence[Stripe]) -> LaneLine:
    moved = (replace(s, lateral_m=s.lateral_m + lateral) for s in stripes)
    return LaneLine(lateral, tuple(moved))


def _edge_stripes(rng: np.random.Generator, color: Color) -> tuple[Stripe, ...]:
    """Return a solid line, worn or fresh, with reflectors on some."""
    solid = Stripe(
        lateral_m=0.0,
        width_m=float(rng.uniform(0.09, 0.17)),
        pattern=SOLID,
        phase_m=0.0,
        color=color,
        opacity=float(rng.uniform(0.4, 1.0)),
        wear=float(rng.choice([0.0, rng.uniform(0.1, 0.5)])),
    )
    if rng.uniform() < 0.6:
        return (solid,)
    pattern = Pattern(_PERIOD_M / 2, ((1.0, 0.25),))
    return (solid, replace(solid, pattern=pattern, opacity=1.0, wear=0.0))


def _double_stripes(rng: np.random.Generator, color: Color) -> tuple[Stripe, ...]:
    """Return two solid lines, as they fence off a carpool lane."""
    left, *_ = _edge_stripes(rng, color)
    apart = left.width_m / 2 + rng.uniform(0.04, 0.16)
    return (replace(left, lateral_m=-apart), replace(left, lateral_m=apart))


def _lane_stripes(
    rng: np.random.Generator,
    style: str,
    white: Color,
    opacity: float,
    phase_m: float,
    is_concrete: bool,
) -> tuple[Stripe, ...]:
    """Return dots, dashes or both, with black paint beside some dashes."""
    dash = Stripe(
        lateral_m=0.0,
        width_m=float(rng.uniform(0.09, 0.16)),
        pattern=Pattern(_PERIOD_M, ((0.0, _DASH_M),)),
        phase_m=phase_m,
        color=white,
        opacity=opacity,
        wear=float(rng.choice([0.0, rng.uniform(0.1, 0.55)])),
    )
    stripes = []
    if style != "dots":
        if is_concrete and rng.uniform() < 0.25:
            stripes.append(_contrast_stripe(rng, dash))
        stripes.append(dash)
    if style != "dashes":
        beside = float(rng.choice([0.0, 0.12]) if style == "both" else 0.0)
        dots = replace(
            dash,
            lateral_m=beside,
            width_m=float(rng.uniform(0.08, 0.14)),
            pattern=_dots(rng),
            opacity=float(rng.choice([1.0, rng.uniform(0.5, 1.0)])),
            wear=0.0,
        )
        if rng.uniform() < 0.6:
            stripes.append(_dots_shadow(rng, dots))
        stripes.append(dots)
    return tuple(stripes)


def _dots(rng: np.random.Generator) -> Pattern:
    """Return groups of four raised dots and a reflector, some of them lost.

    Raised dots look longer than they are: one sees them from the side.
    """
    length = rng.uniform(0.12, 0.3)
    repeats, lost = 5, rng.choice([0.0, rng.uniform(0.05, 0.4)])
    pieces = []
    for start in np.arange(repeats) * _PERIOD_M:
        offsets = np.array([*np.linspace(0, _DASH_M - length, 4), _REFLECTOR_M])
        kept = start + offsets[rng.uniform(size=len(offsets)) >= lost]
        pieces += [(float(along), float(length)) for along in kept]
    return Pattern(repeats * _PERIOD_M, tuple(pieces) or ((0.0, float(length)),))


def _dots_shadow(rng: np.random.Generator, dots: Stripe) -> Stripe:
    """Return the dark edges on the near side of raised dots."""
    black = rng.uniform(15, 50)
    return replace(
        dots,
        phase_m=float(dots.phase_m - rng.uniform(0.04, 0.12)),
        color=(black, black, black),
        opacity=float(rng.uniform(0.3, 0.8)),
    )


def _contrast_stripe(rng: np.random.Generator, dash: Stripe) -> Stripe:
    """Return black paint around a dash, or behind it."""
    black = rng.uniform(22, 60)
    around = Pattern(_PERIOD_M, ((0.0, _DASH_M),))
    behind = Pattern(_PERIOD_M, ((_DASH_M, _DASH_M),))
    is_around = rng.uniform() < 0.5
    return replace(
        dash,
        width_m=dash.width_m + (0.1 if is_around else 0.0),
        pattern=around if is_around else behind,
        color=(black, black, black),
        opacity=float(rng.uniform(0.4, 0.9)),
    )


def motorway_pavement(
    rng: np.random.Generator, lines: Sequence[LaneLine], is_concrete: bool
) -> Pavement:
    """Return the surface under a motorway's lines, a shoulder on either side."""
    grey = rng.uniform(98, 168) if is_concrete else rng.uniform(52, 122)
    tint = rng.normal(0.01, 0.025)
    widths = rng.uniform((0.5, 0.8), (4.2, 4.0))
    left, right = lines[0].lateral_m - widths[0], lines[-1].lateral_m + widths[1]
    spread = rng.choice([0.02, 0.06, 0.14])
    gains = np.clip(rng.normal(1, spread, len(lines) - 1), 0.6, 1.3)
    return Pavement(
        left_m=float(left),
        right_m=float(right),
        color=(grey * (1 + tint), grey, grey * (1 - tint)),
        shoulder_gain=float(rng.uniform(0.45, 1.1)),
        track_gain=float(rng.uniform(0.88, 1.08)),
        oil_gain=float(rng.uniform(0.62, 0.97)),
        lane_gains=tuple(float(gain) for gain in gains),
        grain=float(rng.uniform(0.02, 0.07)),
        patchiness=float(rng.uniform(0.01, 0.07)),
        joint_spacing_m=float(rng.uniform(4, 6)) if is_concrete else 0.0,
        seams=_seams(rng, lines, is_concrete),
        streaks=float(rng.choice([0.01, 0.03, 0.06])),
    )


def _seams(
    rng: np.random.Generator, lines: Sequence[LaneLine], is_concrete: bool
) -> tuple[Seam, ...]:
    """Return the joints between the slabs' lanes, near the markings but not on them.

    In TuSimple's frames half of them lie 0.1 to 0.5 m beside the label, on either
    side, are 2 to 4 cm wide and take 10 to 60 % of the brightness; some are plain to
    see up to the horizon, where dots are not.
    """
    beside = rng.choice([-1, 1]) * rng.uniform(0.03, 0.65)
    is_strong = rng.uniform() < 0.35
    seams = []
    for line in lines:
        if rng.uniform() > (0.85 if is_concrete else 0.25):
            continue
        at = beside + rng.normal(0, 0.05)
        if rng.uniform() < 0.25:
            at = rng.choice([-1, 1]) * rng.uniform(0.03, 0.65)
        width, gain = rng.uniform(0.015, 0.045), rng.uniform(0.4, 0.9)
        if is_strong:
            width, gain = rng.uniform(0.03, 0.09), rng.uniform(0.2, 0.6)
        seams.append((line.lateral_m + at, width, gain))
    for _ in range(rng.poisson(0.8)):
        lateral = rng.uniform(lines[0].lateral_m, lines[-1].lateral_m)
        seams.append((lateral, rng.uniform(0.03, 0.15), rng.uniform(0.5, 1.3)))
    return tuple(Seam(float(at), float(wide), float(gain)) for at, wide, gain in seams)


def cracked_joints(
    rng: np.random.Generator, seams: Sequence[Seam]
) -> tuple[Stripe, ...]:
    """Return what has broken off beside some joints: dark, ragged, here and there."""
    chosen = [seam for seam in seams if seam.gain < 1 and rng.uniform() < 0.4]
    stripes = []
    for seam in chosen:
        length, share = rng.uniform(15, 60), rng.choice([1.0, rng.uniform(0.2, 0.8)])
        black = rng.uniform(15, 45)
        stripes.append(
            Stripe(
                lateral_m=float(seam.lateral_m + rng.normal(0, 0.01)),
                width_m=float(seam.width_m * rng.uniform(1.0, 2.5)),
                pattern=Pattern(float(length), ((0.0, float(share * length)),)),
                phase_m=float(rng.uniform(0, length)),
                color=(black, black, black),
                opacity=float(rng.uniform(0.25, 0.7)),
                wear=float(rng.uniform(0.4, 0.75)),
            )
        )
    return tuple(stripes)


def motorway_surroundings(
    rng: np.random.Generator, road: Road, before: Surroundings
) -> tuple[Surroundings, list[float]]:
    """Return what lies beside a motorway, and the middles of the opposite lanes."""
    left, right = road.pavement.left_m, road.pavement.right_m
    grey = rng.uniform(95, 190)
    concrete: Color = (grey, grey * 0.97, grey * rng.uniform(0.78, 0.96))
    walls, strips, lanes = list[Wall](), list[Strip](), list[float]()
    if rng.uniform() < 0.8:
        gap = float(rng.choice([0.8, rng.uniform(2, 12)]))
        num_lanes = int(rng.integers(2, 6))
        inner = left - gap - rng.uniform(0.5, 2.5)
        outer = inner - 3.7 * num_lanes - 2.0
        strips.append(
            Strip(
                float(outer), float(left - gap),
                shade(road.pavement.color, rng.uniform(0.8, 1.1)),
            )
        )  # fmt: skip
        lanes = [float(inner - 3.7 * (n + 0.5)) for n in range(num_lanes)]
    kind = rng.uniform()
    if kind < 0.65:
        height = rng.uniform(0.7, 1.15)
        walls.append(Wall(float(left), 0.0, height, -0.12, 0.0, concrete, 0.06))
        if rng.uniform() < 0.25:
            walls.append(
                Wall(left - 0.1, height, height + 0.7, 0.0, 2.0, (120, 122, 124), 0.1)
            )
    elif kind < 0.85:
        walls.append(
            Wall(float(left - 0.2), 0.45, 0.78, 0.0, 4.0, (150, 154, 158), 0.06)
        )
    walls += _right_walls(rng, right, before.right_color, concrete)
    surroundings = replace(
        before,
        walls=tuple(walls),
        strips=tuple(strips),
        tree_density=float(rng.choice([0.1, 0.6, 1.4, 2.2])),
        tree_color=mix(before.tree_color, (34, 44, 30), rng.uniform()),
        forest_rad=float(rng.uniform(0.0, 0.07)),
        gantry_spacing_m=float(rng.choice([0.0, 0.0, rng.uniform(80, 250)])),
    )
    return surroundings, lanes


def _right_walls(
    rng: np.random.Generator, edge: float, ground: Color, concrete: Color
) -> list[Wall]:
    """Return a slope, a sound wall, a rail or a barrier, the farthest first."""
    walls = []
    near = float(edge + rng.uniform(0.1, 1.0))
    if rng.uniform() < 0.45:
        lean, height = rng.uniform(8, 25), rng.uniform(2, 9)
        slope = mix(ground, (60, 70, 44), rng.uniform(0, 0.8))
        walls.append(Wall(near + 2.0, 0.0, height, lean, 0.0, slope, 0.1))
    kind = rng.choice(4, p=[0.4, 0.2, 0.25, 0.15])
    if kind == 1:
        walls.append(Wall(near, 0.0, rng.uniform(0.7, 1.1), 0.12, 0.0, concrete, 0.06))
    elif kind == 2:
        walls.append(Wall(near, 0.45, 0.78, 0.0, 4.0, (150, 154, 158), 0.06))
    elif kind == 3:
        walls.append(
            Wall(near + 1.0, 0.0, rng.uniform(2.5, 5.0), 0.0, 4.0, concrete, 0.05)
        )
    return walls

"""Outlines of figures on the road, in metres: (along, across) from their foot.

``place`` moves them to where they lie. Sizes are about those of the traffic signs'
standards (GB 5768.3, MUTCD part 3).
"""

from collections.abc import Iterable

import numpy as np

Outline = tuple[tuple[float, float], ...]
Outlines = tuple[Outline, ...]


def place(outlines: Iterable[Outline], station_m: float, lateral_m: float) -> Outlines:
    """Return outlines moved to a station and lateral position."""
    return tuple(
        tuple((station_m + along, lateral_m + across) for along, across in outline)
        for outline in outlines
    )


def box(along: float, across: float, length: float, width: float) -> Outline:
    """Return a rectangle from its near left corner, which lies at (along, across)."""
    far, right = along + length, across + width
    return ((along, across), (far, across), (far, right), (along, right))


def straight_arrow(length: float) -> Outlines:
    """Return an arrow that points ahead."""
    neck = 0.6 * length
    head = ((neck, -0.32), (length, 0.0), (neck, 0.32))
    return (box(0.0, -0.09, neck, 0.18), head)


def turn_arrow(length: float, side: int) -> Outlines:
    """Return an arrow that turns to the left (side -1) or to the right (1)."""
    bend = 0.42 * length
    arm = (
        (bend, -0.09 * side), (0.78 * length, 0.42 * side),
        (0.66 * length, 0.42 * side), (bend * 0.8, 0.09 * side),
    )  # fmt: skip
    head = ((0.55 * length, 0.4 * side), (0.9 * length, 0.4 * side),
            (0.78 * length, 0.95 * side))  # fmt: skip
    return (box(0.0, -0.09, bend, 0.18), arm, head)


def forked_arrow(length: float, side: int) -> Outlines:
    """Return an arrow that points ahead and to one side."""
    return (*straight_arrow(length), *turn_arrow(0.8 * length, side))


def diamond(length: float) -> Outlines:
    """Return a hollow rhombus, which announces a pedestrian crossing."""
    outer = np.array([[0, 0], [length / 2, 0.75], [length, 0], [length / 2, -0.75]])
    inner = (outer - [length / 2, 0]) * 0.72 + [length / 2, 0]
    sides = []
    for first, second in ((0, 1), (1, 2), (2, 3), (3, 0)):
        ring = [outer[first], outer[second], inner[second], inner[first]]
        sides.append(tuple((float(a), float(b)) for a, b in ring))
    return tuple(sides)


def letters(rng: np.random.Generator, num: int, height: float) -> Outlines:
    """Return signs of strokes, one behind the other, as words on bus lanes are."""
    strokes: list[Outline] = []
    for number in range(num):
        foot = number * (height + 0.8)
        width = rng.uniform(0.9, 1.3)
        for _ in range(rng.integers(2, 5)):
            along = foot + rng.uniform(0, 0.92) * height
            strokes.append(box(along, -width / 2, 0.08 * height, width))
        for _ in range(rng.integers(1, 4)):
            across = rng.uniform(-0.5, 0.4) * width
            low = rng.uniform(0, 0.4) * height
            strokes.append(box(foot + low, across, 0.6 * height, 0.12))
    return tuple(strokes)


def zebra(left: float, right: float, length: float, bar: float) -> Outlines:
    """Return the bars of a pedestrian crossing between two lateral positions."""
    starts = np.arange(left, right - bar, 2.1 * bar)
    return tuple(box(0.0, float(start), length, bar) for start in starts)


def ribbon(path: np.ndarray, width: float) -> Outline:
    """Return a strip along a path.

    Args:
        path: (along, across) in metres, shape (N, 2), N >= 2.
        width: Its width.
    """
    ahead = np.gradient(path, axis=0)
    ahead /= np.maximum(np.hypot(*ahead.T), 1e-6)[:, None]
    beside = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) * width / 2
    ring = np.concatenate([path + beside, (path - beside)[::-1]])
    return tuple((float(along), float(across)) for along, across in ring)


def crack(
    rng: np.random.Generator, length: float, width: float, tilt: float
) -> Outline:
    """Return a wandering crack; tilt 0 runs along the road, pi / 2 across it."""
    num = max(3, int(length / 0.5))
    along = np.linspace(0, length, num)
    drift = np.cumsum(rng.normal(0, 0.09, num))
    cos, sin = np.cos(tilt), np.sin(tilt)
    path = np.stack([along * cos - drift * sin, along * sin + drift * cos], axis=1)
    return ribbon(path, width)


def skid(rng: np.random.Generator, length: float) -> Outlines:
    """Return the pair of marks that a braking or swerving car leaves."""
    along = np.linspace(0, length, max(3, int(length / 2)))
    swerve = rng.normal(0, 1.2) * (along / length) ** 2 + rng.normal(0, 0.02) * along
    tracks = []
    for across in (-0.75, 0.75):
        path = np.stack([along, across + swerve], axis=1)
        tracks.append(ribbon(path, rng.uniform(0.12, 0.24)))
    return tuple(tracks[: rng.integers(1, 3)])

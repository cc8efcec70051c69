"""Outlines of figures on the road, in metres: (along, across) from their foot.

``place`` moves them to where they lie. Sizes are about those of the traffic signs'
standards (GB 5768.3, MUTCD part 3).
"""

from collections.abc import Iterable

import numpy as np

from lanedet.simulation.world.outline import Outline, Outlines

Path = tuple[tuple[float, float], ...]

_O: Path = ((0, 0.15), (0, 0.85), (0.25, 1), (0.75, 1), (1, 0.85), (1, 0.15),
            (0.75, 0), (0.25, 0), (0, 0.15))  # fmt: skip
_BOWL: Path = ((0, 1), (0.8, 1), (1, 0.85), (1, 0.65), (0.8, 0.5), (0, 0.5))
STROKES: dict[str, tuple[Path, ...]] = {
    "A": (((0, 0), (0.5, 1), (1, 0)), ((0.2, 0.38), (0.8, 0.38))),
    "B": (((0, 0), (0, 1)), _BOWL,
          ((0.8, 0.5), (1, 0.35), (1, 0.15), (0.8, 0), (0, 0))),
    "C": (((1, 0.85), (0.75, 1), (0.25, 1), (0, 0.85), (0, 0.15), (0.25, 0),
           (0.75, 0), (1, 0.15)),),
    "D": (((0, 0), (0, 1), (0.7, 1), (1, 0.8), (1, 0.2), (0.7, 0), (0, 0)),),
    "E": (((1, 1), (0, 1), (0, 0), (1, 0)), ((0, 0.5), (0.8, 0.5))),
    "H": (((0, 0), (0, 1)), ((1, 0), (1, 1)), ((0, 0.5), (1, 0.5))),
    "I": (((0.5, 0), (0.5, 1)),),
    "L": (((0, 1), (0, 0), (1, 0)),),
    "N": (((0, 0), (0, 1), (1, 0), (1, 1)),),
    "O": (_O,),
    "P": (((0, 0), (0, 1)), _BOWL),
    "R": (((0, 0), (0, 1)), _BOWL, ((0.5, 0.5), (1, 0))),
    "S": (((1, 0.85), (0.75, 1), (0.25, 1), (0, 0.85), (0, 0.65), (0.25, 0.5),
           (0.75, 0.5), (1, 0.35), (1, 0.15), (0.75, 0), (0.25, 0), (0, 0.15)),),
    "T": (((0.5, 0), (0.5, 1)), ((0, 1), (1, 1))),
    "U": (((0, 1), (0, 0.15), (0.25, 0), (0.75, 0), (1, 0.15), (1, 1)),),
    "W": (((0, 1), (0.2, 0), (0.5, 0.7), (0.8, 0), (1, 1)),),
    "X": (((0, 0), (1, 1)), ((0, 1), (1, 0))),
    "Y": (((0.5, 0), (0.5, 0.5)), ((0, 1), (0.5, 0.5), (1, 1))),
    "0": (_O,),
    "3": (((0, 1), (1, 1), (0.5, 0.6), (1, 0.4), (1, 0.15), (0.75, 0), (0, 0)),),
    "4": (((0.8, 0), (0.8, 1), (0, 0.3), (1, 0.3)),),
    "5": (((1, 1), (0, 1), (0, 0.6), (0.8, 0.55), (1, 0.4), (1, 0.15), (0.8, 0),
           (0, 0)),),
    "6": (((1, 1), (0.3, 0.9), (0, 0.5), (0, 0.15), (0.25, 0), (0.75, 0), (1, 0.15),
           (1, 0.4), (0.75, 0.55), (0, 0.45)),),
    "8": (_O, ((0, 0.5), (1, 0.5))),
}  # fmt: skip
"""Strokes of letters and digits in the unit square: (to the right, ahead)."""


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


def strip_outline(start: float, length: float, left: float, right: float) -> Outline:
    """Return a strip along the road with a corner every few metres."""
    alongs = np.linspace(start, start + length, 2 + int(length / 5)).tolist()
    near = [(along, float(left)) for along in alongs]
    far = [(along, float(right)) for along in reversed(alongs)]
    return (*near, *far)


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


def word(text: str, height: float) -> Outlines:
    """Return a word of capitals that stand upright for a driver, drawn out along.

    Args:
        text: Letters of :data:`STROKES`.
        height: Length of the letters along the road.
    """
    pitch, width, pen = 0.62, 0.42, 0.1
    strokes: list[Outline] = []
    for number, letter in enumerate(text):
        left = (number - len(text) / 2) * pitch
        for path in STROKES[letter]:
            places = np.array(path, dtype=float)
            along = places[:, 1] * height
            across = left + places[:, 0] * width
            # Seen at a grazing angle, strokes across must be long to look as thick.
            strokes += [
                _stroke(along[i : i + 2], across[i : i + 2], (0.11 * height, pen))
                for i in range(len(path) - 1)
            ]
    return tuple(strokes)


def _stroke(along: np.ndarray, across: np.ndarray, pen: tuple[float, float]) -> Outline:
    """Return a straight stroke between two places: a hexagon around both pens."""
    low, high = np.argsort(along, kind="stable")
    (a0, a1), (c0, c1) = along[[low, high]], across[[low, high]]
    half_along, half = pen[0] / 2, pen[1] / 2
    side = 1.0 if c1 >= c0 else -1.0
    ring = (
        (a0 - half_along, c0 - side * half),
        (a0 - half_along, c0 + side * half),
        (a1 - half_along, c1 + side * half),
        (a1 + half_along, c1 + side * half),
        (a1 + half_along, c1 - side * half),
        (a0 + half_along, c0 - side * half),
    )
    return tuple((float(a), float(c)) for a, c in ring)


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
    return tuple(map(tuple, ring.tolist()))


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

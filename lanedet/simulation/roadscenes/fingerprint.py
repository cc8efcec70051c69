"""Fingerprints of scenes, which tell whether they are drawn and labelled as before.

Not a checksum of the pixels: processors and versions of libraries round differently,
and a grey level here and there makes no other data. A fingerprint has three parts, and
each is compared within its own tolerance:

* ``grey``: mean grey levels of 5 x 6 cells of the picture, and its mean Cr and Cb,
* ``edges``: in the same cells, how much a pixel differs from the next. Paint, noise and
  compression change it while the means stay,
* ``lanes``: the ends and the middle of each lane.

Where they are written, each part is a line of hexadecimal digits after the scene's
number: ``17 grey 9e9e9f...``.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from lanedet.arrays import ByteArray, FloatArray

GREY_TOLERANCE = 2
"""The grey levels by which means may differ."""

EDGE_TOLERANCE = (0.6, 0.05)
"""The grey levels, and the share of the larger, by which ``edges`` may differ."""

LANE_TOLERANCE = 2
"""The most that a point may differ, in 4096ths of the width and of the height."""

_GRID = (5, 6)
_NUM_CELLS = _GRID[0] * _GRID[1]
_EDGE_STEP = 0.25  # grey levels
_LANE_UNITS = 4096  # three hexadecimal digits
_LANE_VALUES = 5


@dataclass(frozen=True)
class Fingerprint:
    """The features of a scene that are compared.

    Attributes:
        grey: Mean grey levels of the cells, row by row, then the picture's mean Cr and
            Cb, 32 numbers from 0 to 255.
        edges: Root mean square of the differences of neighbouring pixels in each cell,
            30 numbers in quarters of a grey level.
        lanes: Five numbers for each lane: x at its lowest point, in the middle between
            its ends and at its highest, y of the lowest and of the highest, in 4096ths.
    """

    grey: tuple[int, ...]
    edges: tuple[int, ...]
    lanes: tuple[tuple[int, ...], ...]

    def difference(self, other: "Fingerprint") -> str:
        """Say where another one differs beyond the tolerances, "" if it does not."""
        found = []
        levels = np.abs(np.subtract(self.grey, other.grey)).max()
        if levels > GREY_TOLERANCE:
            found.append(f"its means differ by {levels} grey levels")
        excess = _edge_excess(self.edges, other.edges)
        if excess > 1:
            found.append(f"its edges differ by {excess:.1f} times the tolerance")
        if len(self.lanes) != len(other.lanes):
            found.append(f"it has {len(self.lanes)} lanes, not {len(other.lanes)}")
        elif self.lanes:
            moved = int(np.abs(np.subtract(self.lanes, other.lanes)).max())
            if moved > LANE_TOLERANCE:
                found.append(f"a lane lies {100 * moved / _LANE_UNITS:.2g} % elsewhere")
        return ", ".join(found)


def fingerprint(image: ByteArray, lanes: Sequence[FloatArray]) -> Fingerprint:
    """Return the fingerprint of a scene.

    Args:
        image: Its picture as it is stored, RGB uint8 (H, W, 3).
        lanes: Its lanes, each (N, 2), (x, y) in pixels of the picture. Those of fewer
            than two points are no labels.
    """
    luma, red, blue = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb))
    means = [*_cells(luma.astype(np.float32)), red.mean(), blue.mean()]
    edges = np.sqrt(_cells(_squared_steps(luma))) / _EDGE_STEP
    return Fingerprint(
        grey=_whole(np.array(means), 255),
        edges=_whole(edges, 255),
        lanes=tuple(
            _lane_values(lane, image.shape[:2]) for lane in lanes if len(lane) >= 2
        ),
    )


def format_fingerprints(fingerprints: Mapping[int, Fingerprint]) -> list[str]:
    """Return the lines of fingerprints: a scene's number, a part, its digits."""
    lines = []
    for number, each in fingerprints.items():
        lanes = ["".join(f"{value:03x}" for value in lane) for lane in each.lanes]
        lines += [
            f"{number} grey {bytes(each.grey).hex()}",
            f"{number} edges {bytes(each.edges).hex()}",
            f"{number} lanes {'.'.join(lanes) or '-'}",
        ]
    return lines


def parse_fingerprints(lines: Iterable[str]) -> dict[int, Fingerprint]:
    """Return the fingerprints of lines, by the scene's number.

    Raises:
        ValueError: If a line is none of a fingerprint, or a scene lacks one.
    """
    parts_of: dict[int, dict[str, str]] = defaultdict(dict)
    for line in lines:
        try:
            number, part, digits = line.split()
            parts = parts_of[int(number)]
        except ValueError as error:
            raise ValueError(
                "A line of a fingerprint must be a scene's number, grey, edges or "
                f"lanes, and digits, got {line!r}."
            ) from error
        if part in parts:
            raise ValueError(f"Scene {number} must have one line {part}, got two.")
        parts[part] = digits
    return {number: _parse(number, parts) for number, parts in parts_of.items()}


def _parse(number: int, parts: Mapping[str, str]) -> Fingerprint:
    try:
        grey, edges = bytes.fromhex(parts["grey"]), bytes.fromhex(parts["edges"])
        texts = parts["lanes"].split(".") if parts["lanes"] != "-" else []
        lanes = [
            tuple(int(text[i : i + 3], 16) for i in range(0, len(text), 3))
            for text in texts
        ]
        is_whole = (
            parts.keys() == {"grey", "edges", "lanes"}
            and len(grey) == _NUM_CELLS + 2
            and len(edges) == _NUM_CELLS
            and all(len(text) == 3 * _LANE_VALUES for text in texts)
        )
    except (KeyError, ValueError):
        is_whole = False
    if not is_whole:
        raise ValueError(
            f"The fingerprint of scene {number} must have a line grey of "
            f"{2 * _NUM_CELLS + 4} hexadecimal digits, one edges of {2 * _NUM_CELLS} "
            f"and one lanes of {3 * _LANE_VALUES} for each lane, got {dict(parts)}."
        )
    return Fingerprint(tuple(grey), tuple(edges), tuple(lanes))


def _cells(values: np.ndarray) -> np.ndarray:
    """Return the means in the cells, float32 (30,)."""
    return cv2.resize(values, _GRID[::-1], interpolation=cv2.INTER_AREA).ravel()


def _squared_steps(luma: np.ndarray) -> np.ndarray:
    """Return the squared step to the next pixel, mean of both directions."""
    levels = luma.astype(np.float32)
    across = np.diff(levels, axis=1, append=levels[:, -1:])
    down = np.diff(levels, axis=0, append=levels[-1:])
    return (across**2 + down**2) / 2


def _lane_values(lane: FloatArray, shape: tuple[int, ...]) -> tuple[int, ...]:
    points = lane[np.argsort(lane[:, 1])]
    top, bottom = points[0, 1], points[-1, 1]
    ys = np.array([bottom, (top + bottom) / 2, top])
    xs = np.interp(ys, points[:, 1], points[:, 0])
    shares = [*(xs / shape[1]), bottom / shape[0], top / shape[0]]
    return _whole(np.array(shares) * _LANE_UNITS, _LANE_UNITS - 1)


def _whole(values: np.ndarray, largest: int) -> tuple[int, ...]:
    return tuple(int(value) for value in np.rint(np.clip(values, 0, largest)))


def _edge_excess(first: Sequence[int], second: Sequence[int]) -> float:
    """Return the largest difference as a multiple of what is tolerated."""
    one, other = np.multiply(first, _EDGE_STEP), np.multiply(second, _EDGE_STEP)
    tolerated = EDGE_TOLERANCE[0] + EDGE_TOLERANCE[1] * np.maximum(one, other)
    return float((np.abs(one - other) / tolerated).max())

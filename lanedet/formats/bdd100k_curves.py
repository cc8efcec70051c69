"""BDD100K's lane marks: curves to polylines, and two edges to one centre line.

A mark is labelled by its outline: one curve along its left edge and one along its
right, two labels that do not know of each other. SAD trains on the line between them
(https://arxiv.org/abs/1908.00821, section 4; "based on these two lines, we calculate
the center lines as new targets"), but its script was never released. The rule here is
:func:`centre_lines`; docs/bdd100k.md draws it.

Curves: https://doc.bdd100k.com/format.html (poly2d). Vertices of type ``L`` are corners
and those of type ``C`` control points of cubic Bezier curves, as matplotlib's paths
have them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.ops import simplify_polyline

MAX_GAP_PX = 120.0
"""Largest mean distance of two edges of one mark, in pixels of the 1280x720 image.

Twice what the widest mark, a double line beside the car, measures; lanes are more than
twice as far apart.
"""

MAX_LENGTH_PX = 100_000.0
"""Length that no line in an image has, in pixels: the number of its points follows."""

_CURVE_STEP_PX = 4.0  # distance of the points of a flattened curve
_MAX_CURVE_POINTS = 100
_NUM_COMPARED = 24  # points along two edges at which their distance is taken
_CENTRE_STEP_PX = 6.0
# Points that lie this close to the line through their neighbours say nothing.
_TOLERANCE_PX = 0.05


class LaneMark(NamedTuple):
    """One labelled line: an edge of a mark, or a road curb."""

    points: FloatArray
    """(N, 2), N >= 2, in pixels of the original image; may lie outside."""

    category: str
    """One of :data:`~lanedet.formats.LANE_CATEGORIES`."""

    style: str
    """``solid`` or ``dashed``."""

    direction: str
    """``parallel`` to the road or ``vertical``, which is across it."""

    number: int
    """Number of its label, or place in the list where labels have none."""


def flatten_curve(vertices: FloatArray, types: str) -> FloatArray:
    """Return a curve of corners and Bezier control points as a polyline.

    The first vertex is a corner whatever its type. A ``C`` after it opens a cubic
    curve: it and the next vertex are control points, and the one after them is the
    end, of either type. A ``C`` too near the end for that is a corner.

    Args:
        vertices: (N, 2).
        types: N letters, ``L`` or ``C``.

    Returns:
        (M, 2) with the first and the last vertex.

    Example:
        >>> corners = np.array([[0.0, 0.0], [0.0, 3.0], [3.0, 3.0], [3.0, 0.0]])
        >>> flatten_curve(corners, "LLLL").tolist() == corners.tolist()
        True
        >>> flatten_curve(corners, "LCCL").round(2).tolist()
        [[0.0, 0.0], [0.78, 2.0], [2.22, 2.0], [3.0, 0.0]]
    """
    pieces = [vertices[:1]]
    index = 1
    while index < len(vertices):
        if types[index] == "C" and index + 2 < len(vertices):
            pieces.append(_cubic(vertices[index - 1 : index + 3])[1:])
            index += 3
        else:
            pieces.append(vertices[index : index + 1])
            index += 1
    return np.concatenate(pieces)


def centre_lines(
    marks: Sequence[LaneMark], max_gap_px: float = MAX_GAP_PX
) -> list[FloatArray]:
    """Return one polyline per mark: midway between its edges where it has two.

    Two labels are edges of one mark if

    1. they agree in category, style and direction, and are no road curbs;
    2. their numbers are neighbours: who draws one edge draws the other next;
    3. their mean distance, taken between points at equal shares of their lengths, is
       at most ``max_gap_px``. One of them is reversed first where that brings them
       nearer, for edges are often drawn once up and once down;
    4. neither has a nearer partner: the nearest two are joined first.

    The centre line is the mean of points at equal shares of the two lengths. Whatever
    finds no partner stays as it is.

    Args:
        marks: The labels of one image.
        max_gap_px: Largest mean distance of two edges, in the unit of the points.

    Returns:
        Polylines (N, 2), in the order of the first of their labels.

    Raises:
        ValueError: If a line is longer than :data:`MAX_LENGTH_PX`.
    """
    for mark in marks:
        check_length(mark.points)
    partner = _pair(marks, max_gap_px)
    lines = []
    for index, mark in enumerate(marks):
        if index not in partner:
            lines.append(mark.points)
        elif index < partner[index]:
            lines.append(_midway(mark.points, marks[partner[index]].points))
    # Relative to the start, for single precision.
    return [
        line[0] + simplify_polyline(line - line[0], _TOLERANCE_PX) for line in lines
    ]


def check_length(points: FloatArray) -> None:
    """Raise ValueError if a polyline is longer than :data:`MAX_LENGTH_PX`.

    Args:
        points: (N, 2).
    """
    length = _lengths(points)[-1]
    if not length <= MAX_LENGTH_PX:
        raise ValueError(
            f"a line must be at most {MAX_LENGTH_PX:.0f} pixels long, got {length:.0f}."
        )


def _pair(marks: Sequence[LaneMark], max_gap_px: float) -> dict[int, int]:
    """Return the partner of each mark that has one, in both directions."""
    sampled = np.array([_at_shares(mark.points, _NUM_COMPARED) for mark in marks])
    of_number: dict[int, list[int]] = {}
    for index, mark in enumerate(marks):
        of_number.setdefault(mark.number, []).append(index)
    candidates = []
    for first, mark in enumerate(marks):
        others = [
            other
            for number in (mark.number - 1, mark.number + 1)
            for other in of_number.get(number, ())
            if other > first and _may_be_edges(mark, marks[other])
        ]
        gaps = _gaps(sampled[first], sampled[others])
        candidates += [
            (gap, first, other)
            for gap, other in zip(gaps.tolist(), others, strict=True)
            if gap <= max_gap_px
        ]
    partner: dict[int, int] = {}
    for _, first, second in sorted(candidates):
        if first not in partner and second not in partner:
            partner[first], partner[second] = second, first
    return partner


def _may_be_edges(first: LaneMark, second: LaneMark) -> bool:
    # The kind: category, style and direction.
    return first[1:4] == second[1:4] and first.category != "road curb"


def _gaps(first: FloatArray, others: FloatArray) -> FloatArray:
    """Return the mean distance of a polyline from others, (M,), either way round."""
    either_way = np.stack([others, others[:, ::-1]])  # (2, M, N, 2)
    gaps = np.hypot(*np.moveaxis(first - either_way, -1, 0)).mean(axis=-1)
    return np.asarray(gaps.min(axis=0))


def _midway(first: FloatArray, second: FloatArray) -> FloatArray:
    longest = max(_lengths(first)[-1], _lengths(second)[-1])
    num_points = 2 + int(longest / _CENTRE_STEP_PX)
    edge = _at_shares(first, num_points)
    return (edge + _aligned(edge, _at_shares(second, num_points))) / 2


def _aligned(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the second polyline, reversed if that brings it nearer to the first."""
    turned = second[::-1]
    is_nearer = _mean_distance(first, turned) < _mean_distance(first, second)
    return turned if is_nearer else second


def _mean_distance(first: FloatArray, second: FloatArray) -> float:
    gaps = first - second
    return float(np.hypot(gaps[:, 0], gaps[:, 1]).mean())


def _at_shares(points: FloatArray, num_points: int) -> FloatArray:
    """Return points at equal shares of a polyline's length, both ends kept."""
    travelled = _lengths(points)
    wanted = np.linspace(0.0, travelled[-1], num_points)
    return np.stack(
        [np.interp(wanted, travelled, points[:, axis]) for axis in (0, 1)], axis=1
    )


def _lengths(points: FloatArray) -> FloatArray:
    """Return the way along a polyline from its start to each of its points."""
    steps = points[1:] - points[:-1]
    return np.concatenate([[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))])


def _cubic(controls: FloatArray) -> FloatArray:
    """Return points on the Bezier curve of four control points, (M, 2)."""
    num_points = 2 + int(_lengths(controls)[-1] / _CURVE_STEP_PX)
    share = np.linspace(0.0, 1.0, min(num_points, _MAX_CURVE_POINTS))[:, None]
    rest = 1.0 - share
    weights = np.hstack([rest**3, 3 * rest**2 * share, 3 * rest * share**2, share**3])
    return np.asarray(weights @ controls)

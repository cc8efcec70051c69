"""Patterns of paint along a marking, and the share of an interval that they cover."""

from dataclasses import dataclass

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.simulation.compiled import compiled

_BLOCK = 64  # intervals that are looked at together


@dataclass(frozen=True)
class Pattern:
    """A pattern in which paint alternates along a marking.

    Attributes:
        period_m: Length after which the pattern repeats.
        pieces: (start, length) of each painted piece in metres, ordered, inside the
            period.
    """

    period_m: float
    pieces: tuple[tuple[float, float], ...]

    def painted_share(self, start_m: FloatArray, end_m: FloatArray) -> FloatArray:
        """Return which share of each interval is painted.

        Args:
            start_m: Stations where the intervals begin, float32 or float64, any shape.
            end_m: Stations where they end, greater, of the same type and shape.

        Returns:
            Shares in [0, 1], of the same type and shape.

        Raises:
            TypeError: If the stations are no arrays of one of both types.

        Example:
            >>> dashes = Pattern(12.0, ((0.0, 3.0),))
            >>> dashes.painted_share(np.array([0.0, 12.0]), np.array([6.0, 15.0]))
            array([0.5, 1. ])
        """
        types = {getattr(each, "dtype", None) for each in (start_m, end_m)}
        if len(types) > 1 or not types <= {np.dtype("f4"), np.dtype("f8")}:
            raise TypeError(
                f"Stations must be arrays of float32 or of float64, got {types}."
            )
        number = start_m.dtype.type
        pieces = np.array(self.pieces, dtype=number).reshape(-1, 2)
        shares = _painted_shares(
            start_m.ravel(),
            end_m.ravel(),
            number(self.period_m),
            (pieces[:, 0].copy(), pieces[:, 1].copy()),
            number(sum(size for _, size in self.pieces)),
        )
        return np.asarray(shares).reshape(start_m.shape)


@compiled
def _painted_until(
    stations: FloatArray,
    period: float,
    pieces: tuple[FloatArray, FloatArray],
    total: float,
    painted: FloatArray,
) -> None:
    """Write how much of a pattern is painted between station 0 and each station."""
    begins, sizes = pieces
    none = begins.dtype.type(0)
    for k in range(len(stations)):
        painted[k] = np.floor(stations[k] / period) * total
    for piece in range(len(begins)):
        begin, size = begins[piece], sizes[piece]
        for k in range(len(stations)):
            rest = stations[k] - np.floor(stations[k] / period) * period
            painted[k] += min(max(rest - begin, none), size)


@compiled
def _painted_shares(
    starts: FloatArray,
    ends: FloatArray,
    period: float,
    pieces: tuple[FloatArray, FloatArray],
    total: float,
) -> FloatArray:
    """Return which share of each interval a repeated pattern paints.

    All numbers are of one type, float32 or float64.

    Args:
        starts: Stations where the intervals begin, (N,).
        ends: Stations where they end, (N,), greater.
        period: Length after which the pattern repeats.
        pieces: Where its painted pieces begin and how long they are, (P,).
        total: The sum of their lengths.
    """
    shares = np.empty_like(starts)
    firsts, lasts = np.empty(_BLOCK, starts.dtype), np.empty(_BLOCK, starts.dtype)
    for start in range(0, len(starts), _BLOCK):
        number = min(_BLOCK, len(starts) - start)
        some = slice(start, start + number)
        _painted_until(starts[some], period, pieces, total, firsts)
        _painted_until(ends[some], period, pieces, total, lasts)
        for k in range(number):
            length = ends[start + k] - starts[start + k]
            shares[start + k] = (lasts[k] - firsts[k]) / length
    return shares


SOLID = Pattern(1.0, ((0.0, 1.0),))

"""How steady lanes are from frame to frame, as pure functions."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from lanedet.arrays import FloatArray
from lanedet.ops import xs_at_rows
from lanedet.structures import LaneSample

_NUM_ROWS = 60
_GATE = 0.05
_WINDOW_S = 1.0


class Steadiness(NamedTuple):
    """How steady the lanes of one clip are. Pixels are the clip's, along rows."""

    jitter_px: float
    """Root mean square of how far a lane lies, on a row and in a frame, from the
    straight line in time between the frame before and the one after; scaled so that
    independent noise of standard deviation s in every frame gives s. Even movement
    gives 0. With truth, of the lane's distance to the truth."""

    wobble_px: float
    """Root mean square of the distance to the truth, less its mean over the second
    around: it also holds what is slower than jitter. NaN without truth."""

    flicker_per_min: float
    """Appearances and disappearances of lanes."""

    switches_per_min: float
    """How often a lane gets another id, or another slot where there are no ids. A
    true lane that is found again with another id counts."""

    error_px: float
    """Mean distance to the truth. NaN without truth."""

    found: float
    """Share of the true lanes that are found. NaN without truth."""

    false: float
    """Lanes that are none, as a share of the true lanes. NaN without truth."""


def measure_steadiness(
    samples: Sequence[LaneSample],
    times_s: Sequence[float],
    truth: Sequence[Sequence[FloatArray]] | None = None,
) -> Steadiness:
    """Return how steady predicted lanes are.

    Two lanes are the same if their mean distance, along the rows that both cross, is
    below 5 % of the image width: a lane and that of the next frame, a lane and a true
    one.

    Args:
        samples: The frames' ``pred_lanes`` with ``pred_ids`` or ``pred_slots``, all
            of one ``ori_shape``; at least two.
        times_s: When they were taken, in seconds, rising.
        truth: The true lanes of each frame, polylines (N, 2), if they are known.

    Raises:
        ValueError: If there are fewer than two frames, not one time for each, or the
            times do not rise.
    """
    times = np.asarray(times_s, dtype=np.float64)
    if len(samples) < 2 or len(times) != len(samples) or not (np.diff(times) > 0).all():
        raise ValueError(
            "There must be at least two frames, each with a time after the one "
            f"before, got {len(samples)} frames and {len(times)} times."
        )
    height, width = samples[0].ori_shape
    rows, gate = np.linspace(0, height - 1, _NUM_ROWS), _GATE * width
    lanes = [_crossings(sample.pred_lanes, rows) for sample in samples]
    names = [s.pred_ids if "pred_ids" in s else s.pred_slots for s in samples]
    chains = _chains(lanes, gate)
    minutes = float(times[-1] - times[0]) / 60
    flicker = _num_ends(chains) / minutes
    if truth is None:
        courses, switches = _follow(lanes, chains, names)
        jitter = _jitter(courses, times)
        return Steadiness(
            jitter, np.nan, flicker, switches / minutes, np.nan, np.nan, np.nan
        )
    true_lanes = [_crossings(frame, rows) for frame in truth]
    pairs = [_match(a, b, gate) for a, b in zip(true_lanes, lanes, strict=True)]
    apart = [
        np.stack([mine[b] - true[a] for a, b in pair]) if pair else mine[:0]
        for mine, true, pair in zip(lanes, true_lanes, pairs, strict=True)
    ]
    true_chains = _chains(true_lanes, gate)
    errors, switches = _follow(
        apart,
        [[chain[a] for a, _ in p] for chain, p in zip(true_chains, pairs, strict=True)],
        [[name[b] for _, b in p] for name, p in zip(names, pairs, strict=True)],
    )
    num_true, num_found = sum(map(len, true_lanes)), sum(map(len, pairs))
    return Steadiness(
        _jitter(errors, times),
        _wobble(errors, times),
        flicker,
        switches / minutes,
        float(np.nanmean(np.abs(errors))) if num_found else np.nan,
        num_found / num_true if num_true else np.nan,
        (sum(map(len, lanes)) - num_found) / num_true if num_true else np.nan,
    )


def common_errors(
    one: Sequence[LaneSample],
    other: Sequence[LaneSample],
    truth: Sequence[Sequence[FloatArray]],
) -> tuple[float, float]:
    """Return two clips' mean distances to the truth, where both have a lane.

    Of lanes of the same frames, those that only one has, such as a lane that is shown
    through a gap, would make the errors incomparable: they are the hardest.

    Args:
        one: The frames' ``pred_lanes``, all of one ``ori_shape``; at least one frame.
        other: The same frames with other lanes.
        truth: The true lanes of each frame, polylines (N, 2).

    Returns:
        In pixels of the clip along rows; NaN where they share nothing.
    """
    height, width = one[0].ori_shape
    rows, gate = np.linspace(0, height - 1, _NUM_ROWS), _GATE * width
    sums, count = np.zeros(2), 0
    for true_lanes, *pair in zip(truth, one, other, strict=True):
        true = _crossings(true_lanes, rows)
        errors = np.full((2, *true.shape), np.nan)
        for way, sample in enumerate(pair):
            lanes = _crossings(sample.pred_lanes, rows)
            for number, found in _match(true, lanes, gate):
                errors[way, number] = np.abs(lanes[found] - true[number])
        shared = errors[:, np.isfinite(errors).all(axis=0)]
        sums += shared.sum(axis=1)
        count += shared.shape[1]
    first, second = sums / count if count else (np.nan, np.nan)
    return float(first), float(second)


def _crossings(lanes: Sequence[FloatArray], rows: FloatArray) -> FloatArray:
    """Return x of each lane at each row, shape (K, R), NaN where it does not cross."""
    return np.array([xs_at_rows(lane, rows) for lane in lanes]).reshape(-1, len(rows))


def _match(one: FloatArray, other: FloatArray, gate: float) -> list[tuple[int, int]]:
    """Return which lanes (K, R) of one set are which of another (L, R)."""
    apart = np.abs(one[:, None] - other[None])
    common = np.isfinite(apart)
    sums, counts = np.where(common, apart, 0).sum(-1), common.sum(-1)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    # What is out of reach costs more than any number of pairs within.
    costs = np.where(means < gate, means, gate * (1 + min(means.shape)))
    pairs = zip(*linear_sum_assignment(costs), strict=True)
    return [(int(a), int(b)) for a, b in pairs if means[a, b] < gate]


def _chains(frames: Sequence[FloatArray], gate: float) -> list[list[int]]:
    """Return the number of the chain of each lane: the lane of the frame before."""
    chains: list[list[int]] = []
    num_chains = 0
    before = np.empty((0, _NUM_ROWS))
    for lanes in frames:
        partners = {b: a for a, b in _match(before, lanes, gate)}
        chain = []
        for number in range(len(lanes)):
            if number in partners:
                chain.append(chains[-1][partners[number]])
            else:
                chain.append(num_chains)
                num_chains += 1
        chains.append(chain)
        before = lanes
    return chains


def _num_ends(chains: Sequence[Sequence[int]]) -> int:
    """Return how many chains begin after the first frame or end before the last."""
    return sum(len(set(a) ^ set(b)) for a, b in pairwise(chains))


def _follow(
    values: Sequence[FloatArray],
    chains: Sequence[Sequence[int]],
    names: Sequence[Sequence[int]],
) -> tuple[FloatArray, int]:
    """Return what becomes of each chain.

    Args:
        values: For each frame, shape (K, R).
        chains: The chain of each of the K.
        names: The name of each of the K.

    Returns:
        Values by chain, shape (C, T, R), NaN where there are none; and how often a
        chain changes its name.
    """
    num_chains = 1 + max((c for chain in chains for c in chain), default=-1)
    courses = np.full((num_chains, len(values), _NUM_ROWS), np.nan)
    last: dict[int, int] = {}
    switches = 0
    for frame, chain in enumerate(chains):
        for value, number, name in zip(values[frame], chain, names[frame], strict=True):
            courses[number, frame] = value
            switches += last.setdefault(number, name) != name
            last[number] = name
    return courses, switches


def _jitter(courses: FloatArray, times: FloatArray) -> float:
    """Return the jitter of courses (C, T, R), see :class:`Steadiness`."""
    share = ((times[1:-1] - times[:-2]) / (times[2:] - times[:-2]))[:, None]
    before, now, after = courses[:, :-2], courses[:, 1:-1], courses[:, 2:]
    aside = now - (1 - share) * before - share * after
    return _rms(aside / np.sqrt(1 + share**2 + (1 - share) ** 2))


def _wobble(courses: FloatArray, times: FloatArray) -> float:
    """Return the wobble of courses (C, T, R), see :class:`Steadiness`."""
    is_near = np.abs(times[:, None] - times) <= _WINDOW_S / 2
    known = np.isfinite(courses)
    sums = np.einsum("ts,csr->ctr", is_near, np.where(known, courses, 0))
    counts = np.einsum("ts,csr->ctr", is_near, known.astype(float))
    return _rms(courses - sums / np.maximum(counts, 1))


def _rms(values: FloatArray) -> float:
    """Return the root mean square of what is not NaN; NaN of nothing."""
    known = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(known**2))) if len(known) else np.nan

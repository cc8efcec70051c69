"""A map of all lanes at once to polylines.

A network that only tells lane from background, as those trained on BDD100K, does not
say which pixels are one lane. Connected components would, if lanes did not meet at the
horizon and dashes did not leave gaps. So components are followed row by row, from the
bottom up: each run of lane pixels continues the lane whose course leads to it. Where
two lanes flow together the better aligned one goes on and the other ends; where one
parts, a new one begins; over a gap, a lane goes on along its course.
"""

from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray
from lanedet.ops.bounds import (
    MAX_INPUT_SIDE,
    MAX_LANES,
    check_count,
    check_window,
)
from lanedet.ops.decode import DecodedLane
from lanedet.ops.lane_slots import lane_angle
from lanedet.ops.view import ViewTransform

_COURSE_POINTS = 6  # over which a lane's course is taken
_MIN_POINTS = 3  # fewer are forgotten after a gap of one row: noise
_SURGE = 2.0  # a run so many times wider than the lane holds something else too
_DRIFT = 0.2  # columns per row by which a lane may leave its course in a gap
_MIN_ELONGATION = 3.0  # of a lane, length to width; blobs have less


class ComponentLaneDecoder:
    """Read lanes off a map that does not tell lanes apart.

    Args:
        threshold: Smallest smoothed probability of a lane pixel, in (0, 1).
        existence_threshold: Smallest existence for which the map is read, in [0, 1].
        smoothing: Side of the square mean filter, in input pixels, odd, at most 1023.
            It should be at most the width of the lanes that were learned, so that they
            do not fade.
        row_step: Distance of the sampled rows, in input pixels.
        max_gap: Largest gap inside one lane, as a share of the image height.
        min_height: Smallest vertical extent of a lane, as a share of the image height.
        max_width: Largest width of a lane, across it, as a share of the image width.
        max_lanes: Most lanes of one image; the longest are kept.

    Raises:
        ValueError: If an argument is outside its range.
    """

    reads: ClassVar[tuple[str, ...]] = ("maps",)
    """As of :class:`~lanedet.ops.LaneDecoder`."""

    def __init__(
        self,
        *,
        threshold: float = 0.4,
        existence_threshold: float = 0.5,
        smoothing: int = 5,
        row_step: int = 4,
        max_gap: float = 0.1,
        min_height: float = 0.05,
        max_width: float = 0.08,
        max_lanes: int = 12,
    ) -> None:
        if not 0 < threshold < 1:
            raise ValueError(f"threshold must lie in (0, 1), got {threshold}.")
        check_window("smoothing", smoothing)
        check_count("row_step", row_step, MAX_INPUT_SIDE)
        check_count("max_lanes", max_lanes, MAX_LANES)
        shares = {
            "existence_threshold": existence_threshold,
            "max_gap": max_gap,
            "min_height": min_height,
            "max_width": max_width,
        }
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise ValueError(f"{name} must lie in [0, 1], got {share}.")
        self.threshold = threshold
        self.existence_threshold = existence_threshold
        self.smoothing = smoothing
        self.row_step = row_step
        self.max_gap = max_gap
        self.min_height = min_height
        self.max_width = max_width
        self.max_lanes = max_lanes

    def __call__(
        self,
        lane_probs: NDArray[np.float32],
        existence: NDArray[np.float32] | None,
        view: ViewTransform,
    ) -> list[DecodedLane]:
        """Return the lanes of one image, from left to right.

        Args:
            lane_probs: Probability that an input pixel is lane, (1, H, W), float32 in
                [0, 1].
            existence: Probability that there is any lane, (1,), or None.
            view: How the input was made; its ``input_shape`` is (H, W).

        Returns:
            Lanes whose slots count from the left.

        Raises:
            ValueError: If the map or the existence has another shape.
        """
        if lane_probs.shape != (1, *view.input_shape):
            raise ValueError(
                "ComponentLaneDecoder reads one map of the network input, (1, H, W) = "
                f"{(1, *view.input_shape)}, got shape {lane_probs.shape}. Use "
                "LaneDecoder where each lane has a map."
            )
        if existence is not None:
            if existence.shape != (1,):
                raise ValueError(
                    f"existence must have shape (1,), got {existence.shape}."
                )
            if existence[0] < self.existence_threshold:
                return []
        top, bottom, left, right = view.place
        seen = lane_probs[0, top:bottom, left:right]
        traces = [trace for trace in self._follow(seen) if self._is_lane(trace, seen)]
        traces.sort(key=lambda trace: trace.length, reverse=True)
        origin = np.array([left, top])
        found = [
            (view.to_original(trace.points + origin), float(np.mean(trace.probs)))
            for trace in traces[: self.max_lanes]
        ]
        found.sort(key=lambda lane: lane_angle(lane[0]))
        return [
            DecodedLane(points, score, slot)
            for slot, (points, score) in enumerate(found)
        ]

    def _follow(self, lane_map: NDArray[np.float32]) -> list["_Trace"]:
        """Return what was followed through a map (h, w), lanes and noise."""
        window = (self.smoothing, self.smoothing)
        # Replicated borders: a lane does not fade where the image ends.
        smooth = cv2.blur(lane_map, window, borderType=cv2.BORDER_REPLICATE)
        patience = max(self.row_step, self.max_gap * len(lane_map))
        done: list[_Trace] = []
        active: list[_Trace] = []
        for row in range(len(lane_map) - 1, -1, -self.row_step):
            waiting: list[_Trace] = []
            for trace in active:
                gap = trace.rows[-1] - row
                is_noise = len(trace.rows) < _MIN_POINTS and gap > 2 * self.row_step
                ended = is_noise or gap > patience
                (done if ended else waiting).append(trace)
            active = waiting
            _continue_traces(active, _runs(smooth[row], self.threshold), row)
        return done + active

    def _is_lane(self, trace: "_Trace", lane_map: NDArray[np.float32]) -> bool:
        height, width = lane_map.shape
        if len(trace.rows) < 2:
            return False
        extent = trace.rows[0] - trace.rows[-1]
        # A run is level; a leaning lane is narrower across than along it.
        across = float(np.median(trace.widths)) * extent / trace.length
        return bool(
            extent >= self.min_height * height
            and across <= self.max_width * width
            and trace.length >= _MIN_ELONGATION * across
        )


class _Run(NamedTuple):
    """Neighbouring lane pixels of one row."""

    left: int
    right: int  # the last one
    x: float  # where their probability is centred
    prob: float  # the largest

    @property
    def width(self) -> int:
        return self.right - self.left + 1


@dataclass
class _Trace:
    """A lane as far as it was followed, bottom to top."""

    rows: list[int] = field(default_factory=list)
    xs: list[float] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    probs: list[float] = field(default_factory=list)

    @property
    def points(self) -> FloatArray:
        return np.stack([self.xs, self.rows], axis=1).astype(np.float64)

    @property
    def length(self) -> float:
        steps = np.diff(self.points, axis=0)
        return float(np.hypot(steps[:, 0], steps[:, 1]).sum())

    @property
    def usual_width(self) -> float:
        recent = sorted(self.widths[-_COURSE_POINTS:])
        return recent[len(recent) // 2]

    def expected_x(self, row: int) -> float:
        """Return where the lane's course leads on a higher row."""
        if len(self.rows) == 1:
            return self.xs[0]
        first = max(0, len(self.rows) - _COURSE_POINTS)
        lean = (self.xs[-1] - self.xs[first]) / (self.rows[-1] - self.rows[first])
        return self.xs[-1] + lean * (row - self.rows[-1])

    def reach(self, row: int) -> float:
        """Return how far beside the course a run may begin that goes on with it."""
        return self.widths[-1] / 2 + 1.0 + _DRIFT * (self.rows[-1] - row)

    def append(self, run: _Run, row: int) -> None:
        x, width = run.x, float(run.width)
        if len(self.rows) >= _MIN_POINTS and width > _SURGE * self.usual_width + 2:
            # Another lane or a blob has joined: keep the course through it.
            width = self.usual_width
            inner = (run.left + width / 2, run.right - width / 2)
            x = float(np.clip(self.expected_x(row), *inner))
        self.rows.append(row)
        self.xs.append(x)
        self.widths.append(width)
        self.probs.append(run.prob)


def _continue_traces(active: list[_Trace], runs: list[_Run], row: int) -> None:
    """Give each run of a row to the trace that leads to it, or begin a new one."""
    pairs = _possible_pairs(active, runs, row) if active and runs else []
    continued: set[int] = set()
    taken: set[int] = set()
    for index, number in pairs:
        if index not in continued and number not in taken:
            active[index].append(runs[number], row)
            continued.add(index)
            taken.add(number)
    for number, run in enumerate(runs):
        if number not in taken:
            trace = _Trace()
            trace.append(run, row)
            active.append(trace)


def _possible_pairs(
    active: list[_Trace], runs: list[_Run], row: int
) -> list[tuple[int, int]]:
    """Return which (trace, run) of a row may go on with each other, best first."""
    expected = np.array([trace.expected_x(row) for trace in active])[:, None]
    reach = np.array([trace.reach(row) for trace in active])[:, None]
    left, right, x, _ = np.array(runs, dtype=np.float64).T
    beside = np.maximum(np.maximum(left - expected, expected - right), 0.0)
    traces, numbers = np.nonzero(beside <= reach)
    from_centre = np.abs(x - expected)[traces, numbers]
    order = np.lexsort((from_centre, beside[traces, numbers]))
    return list(zip(traces[order].tolist(), numbers[order].tolist(), strict=True))


def _runs(probs: NDArray[np.float32], threshold: float) -> list[_Run]:
    """Return the runs of pixels of a row (w,) that reach the threshold."""
    is_lane = np.concatenate([[False], probs >= threshold, [False]])
    edges = np.flatnonzero(is_lane[1:] != is_lane[:-1])
    runs = []
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        weights = probs[start:stop].astype(np.float64)
        x = float(weights @ np.arange(start, stop) / weights.sum())
        runs.append(_Run(start, stop - 1, x, float(weights.max())))
    return runs

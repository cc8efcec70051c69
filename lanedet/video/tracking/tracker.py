"""Lanes that hold still: detections of single frames become lanes that last."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.ops import slot_name
from lanedet.structures import LaneSample
from lanedet.video.tracking.filter import (
    FilterConfig,
    LaneFilter,
    check_positive,
    sample_rows,
)

_NO_NUMBER = -1  # of a lane that was not shown yet


@dataclass(frozen=True)
class TrackerConfig:
    """When a detection is of which lane, and when a lane is there.

    Attributes:
        gate: Largest distance between a lane and a detection of it, the mean over the
            rows that both cross, as a share of the image width. What lies outside the
            image counts as at its border.
        min_common: Least height that both must cross, as a share of the image height.
        presence_s: Time constant in seconds of a lane's presence: the share of the
            recent frames in which it was seen, in [0, 1].
        appear: Presence from which on a lane is shown.
        disappear: Presence below which it no longer is.
        forget: Presence below which it is forgotten, and would come back with a new
            id.
        slot_s: Time constant in seconds with which a lane follows the detector into
            another slot.
        max_step_s: After a longer time without frames, in seconds, all begins anew.
        motion: How lanes move.

    Raises:
        ValueError: If a number is not positive, or the presences are not in order.
    """

    gate: float = 0.05
    min_common: float = 0.03
    presence_s: float = 0.5
    appear: float = 0.6
    disappear: float = 0.2
    forget: float = 0.03
    slot_s: float = 0.25
    max_step_s: float = 1.0
    motion: FilterConfig = field(default_factory=FilterConfig)

    def __post_init__(self) -> None:
        check_positive(self)
        if not self.forget <= self.disappear <= self.appear < 1:
            raise ValueError(
                "forget, disappear and appear must rise and stay below 1, got "
                f"{self.forget}, {self.disappear} and {self.appear}."
            )


class LaneTracker:
    """Follows lanes from frame to frame, smooths them and gives them ids.

    A lane keeps its id as long as it is seen, through short gaps, and when it changes
    its slot because the driver changes lanes. It is shown when it has been seen for a
    while, and in gaps it stays a while, its score falling. Frames may come at any
    times: all durations are in seconds. After a cut, or where time goes back or makes
    a long step, the lanes are new ones.

    Args:
        num_slots: Number of slots K of the detector, at least 1.
        config: See :class:`TrackerConfig`.

    Raises:
        ValueError: If ``num_slots`` is less than 1.

    Example:
        >>> sample = LaneSample(metainfo={"ori_shape": (720, 1280)})
        >>> sample.pred_lanes = [np.array([[300.0, 700.0], [600.0, 300.0]])]
        >>> sample.pred_scores, sample.pred_slots = [0.9], [2]
        >>> tracker = LaneTracker(num_slots=6)
        >>> tracker.update(sample, time_s=0.0).pred_ids
        [0]
    """

    def __init__(self, num_slots: int, config: TrackerConfig | None = None) -> None:
        if num_slots < 1:
            raise ValueError(f"num_slots must be at least 1, got {num_slots}.")
        self.num_slots = num_slots
        self.config = config or TrackerConfig()
        self.reset()

    def reset(self) -> None:
        """Forget all lanes and times, and count ids from 0 again."""
        self.begin_sequence()
        self._next_id = 0

    def begin_sequence(self) -> None:
        """Forget all lanes and times, as another sequence begins. Ids go on."""
        self._tracks: list[_Track] = []
        self._time_s = math.nan
        self._shape: tuple[int, int] | None = None

    def update(self, sample: LaneSample, time_s: float) -> LaneSample:
        """Return the lanes as they are after another frame.

        Args:
            sample: The frame's detections: ``pred_lanes`` in pixels of the frame,
                ``pred_scores`` and ``pred_slots``, and its ``ori_shape``.
            time_s: When the frame was taken, in seconds since any moment.

        Returns:
            A new sample with what the given one holds, and in place of its detections
            the tracked lanes, bottom to top and sorted by slot, with ``pred_ids``.

        Raises:
            ValueError: If ``time_s`` or a point is not finite, a score or slot is
                missing, or a slot is not in [0, K).
        """
        if not math.isfinite(time_s):
            raise ValueError(f"time_s must be finite, got {time_s}.")
        detections = _read_detections(sample, self.num_slots)
        step_s = time_s - self._time_s  # NaN before the first frame
        is_new = not 0 <= step_s <= self.config.max_step_s
        if is_new or sample.ori_shape != self._shape:
            self._tracks = []
            step_s = math.inf
        self._time_s, self._shape = time_s, sample.ori_shape
        self._advance(detections, step_s)
        return _with_lanes(sample, self._deal_slots(), self.num_slots)

    def _advance(self, detections: "list[_Detection]", step_s: float) -> None:
        for track in self._tracks:
            track.filter.predict(step_s)
        pairs = self._associate(detections)
        if self._is_cut(pairs, detections):
            self._tracks, pairs, step_s = [], {}, math.inf
        for number, track in enumerate(self._tracks):
            track.update(pairs.get(number), step_s, self.config)
        self._tracks = [t for t in self._tracks if t.presence >= self.config.forget]
        taken = {id(detection) for detection in pairs.values()}
        for detection in detections:
            if id(detection) not in taken and not self._is_known(detection):
                self._tracks.append(self._new_track(detection, step_s))

    def _associate(self, detections: "list[_Detection]") -> "dict[int, _Detection]":
        """Return the detection of each track, by the track's number."""
        if not (self._tracks and detections):
            return {}
        distances = np.array(
            [[self._distance(t, d) for d in detections] for t in self._tracks]
        )
        is_near = distances < self.config.gate
        rows, columns = np.nonzero(is_near)
        if len({*rows}) < len(rows) or len({*columns}) < len(columns):
            # Only where something is near two others is there a choice; until then,
            # nobody waits for SciPy, whose import takes longer than a runtime's.
            from scipy.optimize import linear_sum_assignment

            # What is out of reach costs more than any number of pairs within.
            beyond = self.config.gate * (1 + min(distances.shape))
            rows, columns = linear_sum_assignment(np.where(is_near, distances, beyond))
        return {
            int(row): detections[column]
            for row, column in zip(rows, columns, strict=True)
            if is_near[row, column]
        }

    def _distance(self, track: "_Track", detection: "_Detection") -> float:
        # Detections end at the border. How far outside a track goes on is a guess, and
        # for a flat lane a wild one: all that lies outside counts as at the border.
        apart = np.abs(track.filter.xs.clip(0, 1) - detection.xs.clip(0, 1))
        apart = apart[np.isfinite(apart)]
        least = self.config.min_common * len(detection.xs)
        return float(apart.mean()) if len(apart) > least else math.inf

    def _is_cut(
        self, pairs: "dict[int, _Detection]", detections: "list[_Detection]"
    ) -> bool:
        """Return whether what is seen now has nothing to do with what was seen."""
        num_shown = sum(track.is_shown for track in self._tracks)
        return num_shown >= 2 and len(detections) >= 2 and not pairs

    def _is_known(self, detection: "_Detection") -> bool:
        """Return whether a detection is a second one of a track."""
        nearest = min((self._distance(t, detection) for t in self._tracks), default=1.0)
        return nearest < self.config.gate / 3

    def _new_track(self, detection: "_Detection", step_s: float) -> "_Track":
        track = _Track(detection, self.num_slots, self.config)
        track.update_presence(True, step_s, self.config)
        return track

    def _deal_slots(self) -> "list[_Track]":
        """Return the lanes to show, with slots that rise from left to right."""
        shown = [track for track in self._tracks if track.is_shown]
        shown.sort(key=attrgetter("presence"))
        shown = sorted(shown[-self.num_slots :], key=attrgetter("foot"))
        slots = _best_rising([track.slot_wishes for track in shown])
        for track, slot in zip(shown, slots, strict=True):
            track.slot = slot
            if track.number == _NO_NUMBER:
                track.number = self._next_id
                self._next_id += 1
        return shown


@dataclass(frozen=True)
class _Detection:
    """A detected lane; x is a share of the image width, y of its height."""

    points: FloatArray
    xs: FloatArray
    score: float
    slot: int


class _Track:
    """One lane over time."""

    def __init__(
        self, detection: _Detection, num_slots: int, config: TrackerConfig
    ) -> None:
        self.number = _NO_NUMBER
        self.filter = LaneFilter(detection.points, config.motion)
        self.score = detection.score
        self.presence = 0.0
        self.is_shown = False
        self.slot = detection.slot
        self._votes = np.zeros(num_slots)
        self._votes[detection.slot] = 1.0

    def update(
        self, detection: _Detection | None, step_s: float, config: TrackerConfig
    ) -> None:
        """Take in the frame's detection of this lane, or that there is none."""
        if detection is None:
            self.filter.coast(step_s)
        else:
            self.filter.update(detection.points, step_s)
            weight = -math.expm1(-step_s / config.presence_s)
            self.score += weight * (detection.score - self.score)
            self._votes *= math.exp(-step_s / config.slot_s)
            self._votes[detection.slot] += 1 - self._votes.sum()
        self.update_presence(detection is not None, step_s, config)

    def update_presence(
        self, is_seen: bool, step_s: float, config: TrackerConfig
    ) -> None:
        """Raise or lower the presence, and show or hide the lane."""
        weight = -math.expm1(-step_s / config.presence_s)
        self.presence += weight * (is_seen - self.presence)
        least = config.disappear if self.is_shown else config.appear
        self.is_shown = self.presence >= least

    @property
    def foot(self) -> float:
        """Where the lane, drawn on, crosses the bottom of the image."""
        points = self.filter.points
        (x0, y0), (x1, y1) = points[0], points[len(points) // 3 or 1]
        return float(x0 + (x0 - x1) / (y0 - y1) * (1 - y0)) if y0 > y1 else float(x0)

    @property
    def slot_wishes(self) -> FloatArray:
        """How well each slot suits, shape (K,)."""
        # The slot it has is worth a little, one far from it costs a little.
        slots = np.arange(len(self._votes))
        near = 0.2 * (slots == self.slot) - 0.01 * np.abs(slots - self.slot)
        return self._votes + near


def _with_lanes(
    sample: LaneSample, tracks: Sequence[_Track], num_slots: int
) -> LaneSample:
    """Return a sample with the tracked lanes in place of the detected ones."""
    height, width = sample.ori_shape
    kept = []
    for track in tracks:
        points = track.filter.points * np.array([width, height])
        points = points[(points[:, 0] >= 0) & (points[:, 0] <= width - 1)]
        if len(points) >= 2:
            kept.append((track, points))
    tracked: LaneSample = sample.clone()
    tracked.pred_lanes = [points for _, points in kept]
    tracked.pred_scores = [track.score * track.presence for track, _ in kept]
    tracked.pred_slots = [track.slot for track, _ in kept]
    tracked.pred_names = [slot_name(track.slot, num_slots) for track, _ in kept]
    tracked.pred_ids = [track.number for track, _ in kept]
    return tracked


def _best_rising(wishes: Sequence[FloatArray]) -> list[int]:
    """Return a slot for each lane, rising, that suit best in all.

    Args:
        wishes: How well each slot suits each lane, from left to right, each (K,). No
            more lanes than slots.
    """
    num_slots = len(wishes[0]) if wishes else 0
    # best[s]: the most that the lanes so far can get from slots below s.
    best = np.zeros(num_slots + 1)
    choices = []
    for wish in wishes:
        with_lane = np.concatenate([[-np.inf], best[:-1] + wish])
        best = np.maximum.accumulate(with_lane)
        choices.append(with_lane)
    slots: list[int] = []
    limit = num_slots + 1
    for with_lane in reversed(choices):
        slot = int(with_lane[:limit].argmax()) - 1
        slots.append(slot)
        limit = slot + 1
    return slots[::-1]


def _read_detections(sample: LaneSample, num_slots: int) -> list[_Detection]:
    lanes, scores, slots = sample.pred_lanes, sample.pred_scores, sample.pred_slots
    if not len(lanes) == len(scores) == len(slots):
        raise ValueError(
            "Every lane must have a score and a slot, got "
            f"{len(lanes)} lanes, {len(scores)} scores and {len(slots)} slots."
        )
    if not all(0 <= slot < num_slots for slot in slots):
        raise ValueError(f"Slots must lie in [0, {num_slots}), got {slots}.")
    if not all(np.isfinite(lane).all() for lane in lanes):
        raise ValueError("The points of lanes must be finite, got NaN or infinity.")
    size = np.array(sample.ori_shape[::-1])
    return [
        _Detection(lane / size, sample_rows(lane / size), score, slot)
        for lane, score, slot in zip(lanes, scores, slots, strict=True)
        if len(lane) >= 2 and np.ptp(lane[:, 1]) > 0
    ]

"""What lanes say about the driving: position in the lane, bends, lane departures.

Nothing here is fit to warn a driver: it describes recordings.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.ops import ego_lane_in_image, ego_lane_on_road, project
from lanedet.structures import DepartureEvent, DrivingState, LaneSample
from lanedet.structures.driving import Curvature, Side
from lanedet.video.driving.calibration import Calibration

# Of a lane's width. In a lane of 3.6 m, the tyres of a car 1.8 m wide touch the line at
# 0.25; at 0.3 they are beyond its paint. Wider tracks need less, wider lanes more.
_DEPARTED = 0.3
_CENTRED = 0.2
# Slots that say so are wrong: a crossed line changes sides at 0.5.
_IN_OTHER_LANE = 0.65
_SETTLING_S = 0.3
_FORGETTING_S = 3.0

_STRAIGHT_BEND = 0.008  # as ImageLane.bend; a radius of about 2,000 m
_STRAIGHT_RADIUS_M = 2000.0
_BEND_S = 0.5  # time constant in which a bend is averaged
_WAVER = 0.2  # so much more begins a bend, and so much less ends it


@dataclass(frozen=True)
class DrivingSummary:
    """What was seen so far."""

    num_frames: int
    """Frames that were watched."""

    num_ego_frames: int
    """Frames of these with an offset, and so with both lines of the own lane."""

    mean_abs_offset_share: float | None
    """Mean distance from the lane's middle over those, as a share of its width."""

    mean_abs_offset_m: float | None
    """The same in metres."""

    events: tuple[DepartureEvent, ...]
    """All departures."""

    @property
    def ego_lane_share(self) -> float:
        """Share of the frames with both lines of the own lane, in [0, 1]."""
        return self.num_ego_frames / self.num_frames if self.num_frames else 0.0


class DrivingMonitor:
    """Watch the driving over the frames of a source, sequence by sequence.

    Args:
        num_slots: Number of slots K of the lanes; ``K // 2 - 1`` and ``K // 2`` bound
            the driver's own lane.
        calibration: Of the camera. Without it there are no metres, and the camera is
            taken to be mounted in the vehicle's middle and not to roll; where it looks
            does not matter.

    Example:
        >>> monitor = DrivingMonitor(num_slots=6)
        >>> sample = LaneSample(metainfo={"ori_shape": (720, 1280)})
        >>> sample.pred_lanes = [
        ...     np.array([[240.0, 700.0], [540.0, 400.0]]),
        ...     np.array([[1040.0, 700.0], [740.0, 400.0]]),
        ... ]
        >>> sample.pred_scores, sample.pred_slots = [0.9, 0.8], [2, 3]
        >>> state = monitor.update(sample, time_s=0.0)
        >>> state.ego_left, state.ego_right
        (0, 1)
        >>> state.curvature, round(abs(state.offset_share), 3)
        ('straight', 0.0)
    """

    def __init__(self, num_slots: int, calibration: Calibration | None = None) -> None:
        self._num_slots = num_slots
        self._calibration = calibration
        self._num_frames = 0
        self._offsets = _MeanSize()
        self._offsets_m = _MeanSize()
        self._events: list[DepartureEvent] = []
        self.begin_sequence()

    def begin_sequence(self) -> None:
        """Watch anew: the next frame is of another sequence. The summary goes on."""
        self._departures = _DepartureWatch()
        self._bends = _BendWatch()

    def update(
        self, sample: LaneSample, time_s: float, frame: int | None = None
    ) -> DrivingState:
        """Look at the next frame.

        Args:
            sample: Its lanes (``pred_lanes``, ``pred_scores``, ``pred_slots``) and
                ``ori_shape``. In sharp bends slots must be those that
                :func:`~lanedet.ops.slots_under_camera` gives.
            time_s: When it was taken. After a step back, or 3 s without an offset, the
                watch for departures and bends begins anew.
            frame: Its number, for the events; if not given, updates are counted.

        Raises:
            ValueError: If the calibration is for another aspect than the frame's.
        """
        frame = self._num_frames if frame is None else frame
        self._num_frames += 1
        ego_left, ego_right = _ego_lines(sample, self._num_slots)
        measures = _Measures()
        if ego_left is not None and ego_right is not None:
            lines = sample.pred_lanes[ego_left], sample.pred_lanes[ego_right]
            measures = self._measure(*lines, sample.ori_shape)
        self._offsets.add(measures.offset_share)
        self._offsets_m.add(measures.offset_m)
        sign, radius_m = self._bends.update(measures.sharpness, time_s)
        event = self._departures.update(measures.offset_share, time_s, frame)
        events = () if event is None else (event,)
        self._events += events
        return DrivingState(
            ego_left=ego_left,
            ego_right=ego_right,
            offset_share=measures.offset_share,
            offset_m=measures.offset_m,
            lane_width_m=measures.lane_width_m,
            curvature=sign,
            radius_m=None if self._calibration is None else radius_m,
            departure=self._departures.side,
            events=events,
        )

    @property
    def summary(self) -> DrivingSummary:
        """What was seen so far."""
        return DrivingSummary(
            num_frames=self._num_frames,
            num_ego_frames=self._offsets.count,
            mean_abs_offset_share=self._offsets.mean,
            mean_abs_offset_m=self._offsets_m.mean,
            events=tuple(self._events),
        )

    def _measure(
        self, left: FloatArray, right: FloatArray, image_shape: tuple[int, int]
    ) -> "_Measures":
        if self._calibration is None:
            return _measure_in_image(left, right, image_shape[0])
        to_road = self._calibration.to_road_from(image_shape)
        return _measure_on_road(project(left, to_road), project(right, to_road))


class _Measures(NamedTuple):
    """What is measured in one frame."""

    offset_share: float | None = None
    offset_m: float | None = None
    lane_width_m: float | None = None
    sharpness: float | None = None
    """How sharp the bend is: 1 where a straight road ends, positive to the right."""


def _measure_in_image(
    left: FloatArray, right: FloatArray, image_height: int
) -> _Measures:
    lane = ego_lane_in_image(left, right, image_height)
    if lane is None or abs(lane.offset_share) > _IN_OTHER_LANE:
        return _Measures()
    return _Measures(
        offset_share=lane.offset_share, sharpness=lane.bend / _STRAIGHT_BEND
    )


def _measure_on_road(left: FloatArray, right: FloatArray) -> _Measures:
    lane = ego_lane_on_road(left, right)
    if lane is None or abs(lane.offset_m / lane.width_m) > _IN_OTHER_LANE:
        return _Measures()
    curvature = lane.curvature_per_m
    return _Measures(
        offset_share=lane.offset_m / lane.width_m,
        offset_m=lane.offset_m,
        lane_width_m=lane.width_m,
        sharpness=None if curvature is None else curvature * _STRAIGHT_RADIUS_M,
    )


def _ego_lines(sample: LaneSample, num_slots: int) -> tuple[int | None, int | None]:
    """Return which lanes bound the driver's own; of two in a slot, the surer one."""
    found: dict[int, int] = {}
    for index in np.argsort(sample.pred_scores, kind="stable"):
        found[sample.pred_slots[index]] = int(index)
    centre = num_slots // 2
    return found.get(centre - 1), found.get(centre)


class _DepartureWatch:
    """Turns offsets over time into departures.

    One begins when the offset has been beyond 0.3 of the lane's width for 0.3 s, and
    ends when it has been within 0.2 for as long. When the camera crosses a line the
    offset jumps from one side to the other, as it is then measured in the next lane:
    that is the same departure, which ends in the middle of that lane.
    """

    def __init__(self) -> None:
        self.side: Side | None = None
        self._begin: DepartureEvent | None = None
        self._centred_since_s: float | None = None
        self._known_s = -np.inf

    def update(
        self, offset_share: float | None, time_s: float, frame: int
    ) -> DepartureEvent | None:
        """Return a departure once it is sure."""
        if not 0 <= time_s - self._known_s <= _FORGETTING_S:
            self.side = self._begin = self._centred_since_s = None
        if offset_share is None:
            return None
        self._known_s = time_s
        if self.side is not None:
            self._look_for_end(offset_share, time_s)
            return None
        if abs(offset_share) < _DEPARTED:
            self._begin = None
            return None
        if self._begin is None:
            kind: Side = "right" if offset_share > 0 else "left"
            self._begin = DepartureEvent(kind, time_s, frame, offset_share)
        if time_s - self._begin.time_s < _SETTLING_S:
            return None
        begin, self._begin = self._begin, None
        self.side = begin.kind
        return begin

    def _look_for_end(self, offset_share: float, time_s: float) -> None:
        if abs(offset_share) > _CENTRED:
            self._centred_since_s = None
        elif self._centred_since_s is None:
            self._centred_since_s = time_s
        elif time_s - self._centred_since_s >= _SETTLING_S:
            self.side = self._centred_since_s = None


class _BendWatch:
    """Tells bends from straight road, without wavering from frame to frame.

    The bend is averaged over half a second. A straight road ends where its bend is a
    fifth above the bound, and begins again where it is a fifth below.
    """

    def __init__(self) -> None:
        self._sign: Curvature | None = None
        self._sharpness = 0.0
        self._known_s = -np.inf

    def update(
        self, sharpness: float | None, time_s: float
    ) -> tuple[Curvature | None, float | None]:
        """Return the sign, and of a bend the radius in metres if 1 is 2,000 m."""
        if sharpness is None:
            return None, None
        step_s = time_s - self._known_s
        self._known_s = time_s
        if not 0 <= step_s <= _FORGETTING_S:
            self._sign, self._sharpness, least = None, sharpness, 1.0
        else:
            weight = -np.expm1(-step_s / _BEND_S)
            self._sharpness += weight * (sharpness - self._sharpness)
            least = 1 + _WAVER if self._sign == "straight" else 1 - _WAVER
        if abs(self._sharpness) <= least:
            self._sign = "straight"
            return "straight", None
        self._sign = "right" if self._sharpness > 0 else "left"
        return self._sign, float(_STRAIGHT_RADIUS_M / abs(self._sharpness))


class _MeanSize:
    """The mean size of what is known of a number."""

    def __init__(self) -> None:
        self.count = 0
        self._total = 0.0

    def add(self, value: float | None) -> None:
        if value is not None:
            self.count += 1
            self._total += abs(value)

    @property
    def mean(self) -> float | None:
        return self._total / self.count if self.count else None

"""From a frame and the lanes that were found in it to all that they say."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from lanedet.arrays import FloatArray
from lanedet.inference.caller_line import callers_stacklevel
from lanedet.structures import DrivingState, LaneSample
from lanedet.video.detection import DetectedLanes
from lanedet.video.driving.calibration import Calibration
from lanedet.video.driving.monitor import DrivingMonitor, DrivingSummary
from lanedet.video.sources.source import VideoFrame
from lanedet.video.step_times import StepTimes
from lanedet.video.tracking.tracker import LaneTracker


@dataclass(frozen=True, slots=True)
class AnnotatedFrame:
    """A frame on its way from the network to the files."""

    frame: VideoFrame
    """The frame as it came from the source."""

    sample: LaneSample
    """Lanes of the frame, tracked or not."""

    state: DrivingState
    """What they say about the driving."""

    run_time_ms: float
    """Time that the network took for it."""

    attention: Mapping[str, FloatArray] = field(default_factory=dict)
    """Attention maps (H, W) over the frame by stage, if they were asked for."""


class FrameAnnotator:
    """Follow the lanes of a source's frames, and watch what they say.

    Args:
        num_slots: Number of slots K of the lanes.
        times: Where this is measured.
        tracking: Whether lanes are followed and smoothed from frame to frame.
        calibration: Calibration of the camera; None for no metres.
        is_sequence: Whether frames of one folder follow one another.

    Attributes:
        is_sequence: As given.
    """

    def __init__(
        self,
        num_slots: int,
        times: StepTimes,
        *,
        tracking: bool,
        calibration: Calibration | None,
        is_sequence: bool,
    ) -> None:
        self.is_sequence = is_sequence
        self._times, self._calibration = times, calibration
        self._tracker = LaneTracker(num_slots) if tracking else None
        self._monitor = DrivingMonitor(num_slots, calibration)
        self._sequence: PurePosixPath | None = None

    @property
    def summary(self) -> DrivingSummary:
        """What the lanes said so far."""
        return self._monitor.summary

    def annotate(self, detected: DetectedLanes) -> Iterator[AnnotatedFrame]:
        """Yield frames, the next ones of the source, with what was found out.

        Raises:
            ValueError: If the calibration is for another aspect than a frame's.
        """
        run_time_ms = 1000 * detected.seconds / len(detected.frames)
        for frame, sample, attention in zip(
            detected.frames, detected.samples, detected.attention, strict=True
        ):
            if self._calibration is not None:
                # Now, not when the first lanes are measured: lines would be written.
                height, width = frame.image.shape[:2]
                self._calibration.to_road_from((height, width))
            with self._times.measure("track"):
                self._begin_sequence(PurePosixPath(frame.name).parent)
                if self._tracker is not None:
                    sample = self._tracker.update(sample, frame.time_s)
                state = self._monitor.update(sample, frame.time_s, frame.index)
            yield AnnotatedFrame(frame, sample, state, run_time_ms, attention)

    def _begin_sequence(self, sequence: PurePosixPath) -> None:
        """Carry nothing over from one sequence to the next."""
        if sequence != self._sequence or not self.is_sequence:
            self._sequence = sequence
            self._monitor.begin_sequence()
            if self._tracker is not None:
                self._tracker.begin_sequence()


class SizeWatch:
    """Warn once of pictures that are not shown at their own size.

    Args:
        has_names: Whether the frames have names that a user knows, as pictures do.
    """

    def __init__(self, *, has_names: bool) -> None:
        self._has_names = has_names
        self._first: tuple[str, int, int] | None = None
        self._has_warned = False

    def check(self, frame: VideoFrame) -> None:
        """Look at the next frame."""
        height, width = frame.image.shape[:2]
        own_name = frame.name if self._has_names else f"frame {frame.index}"
        if self._first is None:
            self._first = (own_name, width, height)
        name, first_width, first_height = self._first
        if (width, height) == (first_width, first_height) or self._has_warned:
            return
        self._has_warned = True
        warnings.warn(
            f"Pictures differ in size: {name} has {first_width}x{first_height} "
            f"pixels, {own_name} {width}x{height}. All are shown at the size of the "
            "first, those of another shape with black borders.",
            stacklevel=callers_stacklevel(),
        )

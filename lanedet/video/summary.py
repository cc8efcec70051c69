"""What was done with a source, for a person to read."""

from dataclasses import dataclass
from pathlib import Path

from lanedet.video.driving.monitor import DrivingSummary
from lanedet.video.sources.source import counted
from lanedet.video.step_times import STEPS, StepTimes

_NO_LANES_HINT = (
    "No lane was found in any frame. Is the picture upright, and a road seen from a "
    "windscreen? Weights see what they were trained on: others may see more."
)


@dataclass(frozen=True)
class VideoSummary:
    """What was done with a source."""

    num_frames: int
    """Frames that were written."""

    num_frames_with_lanes: int
    """Frames of these in which a lane was found."""

    length_s: float | None
    """Length of what was written, in seconds; None where pictures are no clip."""

    seconds: float
    """Wall-clock time, without loading the weights."""

    driving: DrivingSummary
    """What the lanes said about the driving."""

    times: StepTimes
    """How long each step took."""

    num_undecodable: int
    """Frames that could not be decoded."""

    num_dropped: int
    """Frames of a live source that came faster than they could be looked at."""

    num_reconnects: int
    """How often a live source was connected again."""

    written: tuple[Path, ...]
    """The files and folders that hold it."""

    event_clips: tuple[Path, ...]
    """Clips among these that show one lane departure each."""

    num_events_uncut: int
    """Lane departures without a clip though clips were asked for: the cutting of them
    was stopped, or had no room."""

    is_sound_missing: bool
    """Whether a clip is silent because the sound of a live source is not recorded."""

    @property
    def frames_per_second(self) -> float:
        """Speed of the whole pipeline."""
        return self.num_frames / self.seconds

    @property
    def lane_share(self) -> float:
        """Share of the frames in which a lane was found, in [0, 1]."""
        return self.num_frames_with_lanes / self.num_frames if self.num_frames else 0.0

    def lines(self) -> list[str]:
        """Return the summary as a person may want to read it."""
        is_sequence = self.length_s is not None
        noun = frame_noun(is_sequence)
        length = f", {self.length_s:.1f} s long," if is_sequence else ""
        lines = [
            f"{counted(self.num_frames, noun)}{length} in {self.seconds:.1f} s "
            f"({self.frames_per_second:.1f} {noun}s/s)",
            f"lanes in {self.lane_share:.0%} of the {noun}s, the driver's own lane in "
            f"{self.driving.ego_lane_share:.0%}",
            *(_driving_lines(self.driving) if is_sequence else []),
            f"{noun}s/s of each step alone: " + _steps_text(self.times),
        ]
        losses = {
            "could not be decoded": self.num_undecodable,
            "came too fast to be looked at": self.num_dropped,
        }
        lines += [
            f"{counted(number, noun)} {why}" for why, number in losses.items() if number
        ]
        if self.num_reconnects:
            lines.append(f"connected again {counted(self.num_reconnects, 'time')}")
        lines += self._event_clip_lines()
        if self.is_sound_missing:
            lines.append("no sound: that of a live source is not recorded")
        if not self.num_frames_with_lanes:
            lines.append(_NO_LANES_HINT)
        return lines

    def _event_clip_lines(self) -> list[str]:
        num_cut = len(self.event_clips)
        num_wanted = num_cut + self.num_events_uncut
        if not num_wanted:
            return []
        line = counted(num_cut, "event clip")
        if self.num_events_uncut:
            line += f" of {num_wanted}"
        if num_cut:
            line += ": " + ", ".join(path.name for path in self.event_clips)
        return [line]


def frame_noun(is_sequence: bool) -> str:
    """Return what to call what a source is made of."""
    return "frame" if is_sequence else "picture"


def _place_lines(driving: DrivingSummary) -> list[str]:
    if driving.mean_abs_offset_share is None:
        return []
    line = f"{driving.mean_abs_offset_share:.0%} of its width"
    if driving.mean_abs_offset_m is not None:
        line += f", {driving.mean_abs_offset_m:.2f} m"
    return [f"mean distance from the own lane's centre: {line}"]


def _driving_lines(driving: DrivingSummary) -> list[str]:
    return [*_place_lines(driving), _events_line(driving)]


def _events_line(driving: DrivingSummary) -> str:
    sides = [event.kind for event in driving.events]
    line = counted(len(sides), "lane departure")
    if sides:
        line += f" ({sides.count('left')} left, {sides.count('right')} right)"
    return line


def _steps_text(times: StepTimes) -> str:
    rates = {step: times.frames_per_second(step) for step in STEPS}
    return ", ".join(f"{step} {rate:.0f}" for step, rate in rates.items() if rate)

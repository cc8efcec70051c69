"""Whether a container was read to its end, and what to say if it was not."""

from dataclasses import dataclass
from fractions import Fraction

import av

from lanedet.video.sources.source import VideoBreakError, counted

_STATE_DURATION = ("matroska", "flv")  # formats that state it without a count
_MAX_MISSING_S = 0.5  # where only the duration is stated, and that roughly
_LATE = Fraction(1, 2)  # of a frame


@dataclass(frozen=True)
class StatedLength:
    """What a container states of its length."""

    container_format: str
    """FFmpeg's name."""

    num_frames: int | None
    """Number of pictures, in AVI with the empty ones that fill gaps."""

    duration_s: float | None
    """Duration of the pictures in seconds."""

    is_exact: bool
    """Whether the duration says how long the last frame is shown."""

    frame_length: Fraction
    """Length of a frame in seconds."""


@dataclass(frozen=True)
class Ending:
    """How far a container was read. Times are in seconds from the first frame on."""

    num_frames: int
    """Frames that came."""

    end: Fraction
    """When the last one ends, by the frame rate."""

    shown_end: Fraction
    """When it ends if shown as long as the container says."""

    packets_end: Fraction
    """When the last packet ends."""

    skipped: Fraction
    """How far the clock has jumped ahead on the way."""

    last_packet: av.Packet | None
    """The last one, where there is any."""

    def is_early(self, stated: StatedLength) -> bool:
        """Return whether more frames should have come."""
        last = self.last_packet
        if last is not None and last.is_corrupt:
            return True
        if stated.container_format == "avi" and last and last.dts is not None:
            # AVI counts in ticks of its clock, usually frames, among them the empty
            # ones that fill gaps and are not decoded. Of a cut file FFmpeg only
            # estimates the duration. How long the last frame lasts need not be said.
            ticks = max(1, round(stated.frame_length / last.time_base))
            return last.dts + ticks < (stated.num_frames or 0)
        if stated.duration_s is None:
            return False
        late_s = float(_LATE * stated.frame_length)
        if stated.num_frames is not None:
            # An edit list may hide stated frames, but then shortens the duration too.
            missing_s = self._missing_s(stated.duration_s, self.end, self.shown_end)
            return self.num_frames < stated.num_frames and missing_s > late_s
        # In other formats a duration without a count is an estimate.
        if not stated.container_format.startswith(_STATE_DURATION):
            return False
        if not stated.is_exact:
            return self._missing_s(stated.duration_s, self.end) > _MAX_MISSING_S
        return self._missing_s(stated.duration_s, self.end, self.packets_end) > late_s

    def is_short(self, stated: StatedLength) -> bool:
        """Return whether more was stated, roughly or for all tracks together."""
        if stated.duration_s is None:
            return False
        late_s = float(_LATE * stated.frame_length)
        return self._missing_s(stated.duration_s, self.end) > late_s

    def _missing_s(self, duration_s: float, *ends: Fraction) -> float:
        return duration_s - float(self.skipped) - float(max(ends))


def break_off(
    name: str, ending: Ending, expected_frames: int | None, reason: str
) -> VideoBreakError:
    """Return what to raise where a source ends too early.

    Args:
        name: What the source is called.
        ending: How far it was read.
        expected_frames: How many there should be, None if that is not known.
        reason: Why it ends.
    """
    seen = counted(ending.num_frames)
    if expected_frames:
        seen = f"{ending.num_frames} of {expected_frames} frames"
    return VideoBreakError(
        f"{name!r} breaks off after {seen} ({float(ending.end):.2f} s): {reason}. "
        "Copy or record it again to get the rest.",
        reason=reason,
    )


def damage_inside(
    name: str, num_frames: int, first_gap: Fraction | None
) -> VideoBreakError:
    """Return what to raise, after the end, of a source that has lost something.

    Args:
        name: What the source is called.
        num_frames: How many could be read.
        first_gap: From when on frames are missing, in seconds; None if not known.
    """
    reason = "frames or pieces of them are missing"
    if first_gap is not None:
        reason = f"frames are missing from {float(first_gap):.2f} s on"
    return VideoBreakError(
        f"{name!r} is damaged: {reason}, {counted(num_frames)} could be read. "
        "Copy or record it again to get the others.",
        reason=reason,
    )

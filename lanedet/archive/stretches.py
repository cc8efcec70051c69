"""Clips in stretches of bounded length, so that a long one does not hold one worker.

A stretch begins with a key frame and ends before that of the next. The network takes
each frame by itself; what lanes are over time is found out when all stretches of a clip
are there (:mod:`lanedet.archive.clip_work`). So no stretch overlaps another, and the
table of a clip in stretches is that of the whole clip.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from lanedet.archive.listing import Clip
from lanedet.video.sources.clock import longest_gap
from lanedet.video.sources.container import ContainerReader
from lanedet.video.sources.damage import is_damaged
from lanedet.video.sources.source import VideoFrame

_CUTTABLE = ("matroska", "mov")  # FFmpeg's formats with an index of their key frames
_LEAST_SHARE = Fraction(1, 2)  # of a stretch, that its last stretch must have
# Seconds at least within which a key frame is looked for. Clocks that tick a billion
# times a second take a second for a jump, and key frames are rarer than that.
_KEY_FRAMES_APART = Fraction(60)


@dataclass(frozen=True)
class Stretch:
    """A stretch of a clip, or all of it."""

    clip: Clip
    """The clip that it is of."""

    bounds: tuple[Fraction, ...] = (Fraction(0),)
    """When the clip's stretches begin, in seconds since its first frame, rising."""

    number: int = 0
    """Which stretch, from 0."""

    is_cut: bool = False
    """Whether it was found out how to cut the clip already."""

    @property
    def start(self) -> Fraction:
        """Time of the first frame."""
        return self.bounds[self.number]

    @property
    def end(self) -> Fraction | None:
        """Time of the first frame of the next stretch; None of the last stretch."""
        following = self.number + 1
        return self.bounds[following] if following < len(self.bounds) else None

    def __str__(self) -> str:
        if len(self.bounds) == 1:
            return self.clip.name
        number, count = self.number + 1, len(self.bounds)
        return f"{self.clip.name}, stretch {number} of {count}"


def cut_clip(clip: Clip, reader: ContainerReader, length_s: float) -> list[Stretch]:
    """Return the stretches of a clip, in order.

    It is one where the clip is short or has no index, or where its clock jumps far
    between two cuts.

    Args:
        clip: The clip.
        reader: Of the clip. No frame can be read from it afterwards.
        length_s: About how long the stretches are to be, in seconds, > 0.
    """
    bounds = [Fraction(0)]
    if _is_cuttable(reader):
        step = Fraction(length_s).limit_denominator(1000)
        end = Fraction(reader.duration_s or 0) - _LEAST_SHARE * step
        while bounds[-1] + step < end:
            time = _last_key_frame(reader, bounds[-1], bounds[-1] + step)
            if time is None:
                bounds = [Fraction(0)]
                break
            if time <= bounds[-1]:  # a key frame is rarer than that
                step *= 2
                continue
            bounds.append(time)
            step = Fraction(length_s).limit_denominator(1000)
    return [
        Stretch(clip, tuple(bounds), number, is_cut=True)
        for number in range(len(bounds))
    ]


def is_long(reader: ContainerReader, length_s: float) -> bool:
    """Return whether a clip may have more than one stretch, without looking into it."""
    return _has_index(reader) and (reader.duration_s or 0) > 1.5 * length_s


def stretch_frames(stretch: Stretch, reader: ContainerReader) -> Iterator[VideoFrame]:
    """Yield the frames of a stretch. Their times are those in the clip.

    Args:
        stretch: Which stretch.
        reader: Of the clip, at the stretch's first frame or somewhere before.

    Raises:
        VideoBreakError: After the last good frame, if the clip breaks off there.
    """
    for frame in reader:
        if stretch.end is not None and frame.time >= stretch.end:
            return
        if frame.time >= stretch.start:
            yield frame


def _last_key_frame(
    reader: ContainerReader, begin: Fraction, end: Fraction
) -> Fraction | None:
    """Return when the last key frame up to a time is shown.

    Args:
        reader: Of the clip.
        begin: When a key frame is shown, in seconds since the first frame.
        end: The time, likewise, later.

    Returns:
        Likewise, from ``begin`` on; None where the index is broken, or the clock may
        jump in between: who reads the whole clip then has other times than who begins
        behind the jump.
    """
    longest = max(longest_gap(reader.time_base), _KEY_FRAMES_APART)
    while True:
        probe = min(begin + longest, end)
        time = reader.key_frame_before(probe)
        if time is None or probe == end:
            return time
        if time <= begin:
            return None
        begin = time


def _has_index(reader: ContainerReader) -> bool:
    return reader.has_times and reader.container_format.startswith(_CUTTABLE)


def _is_cuttable(reader: ContainerReader) -> bool:
    """Return whether stretches of a clip can be read by themselves.

    Where something is lost in the middle only a reader of the whole can tell.
    """
    if not _has_index(reader):
        return False
    return not any(
        is_damaged(path, reader.container_format, has_gap=True)
        for path in map(Path, reader.files)
    )

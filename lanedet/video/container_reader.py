"""Frames out of anything that FFmpeg opens, through PyAV (FFmpeg's libraries)."""

import warnings
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain

import av
import numpy as np
from av.format import Flags
from av.video.reformatter import VideoReformatter

from lanedet.arrays import ByteArray
from lanedet.inference.caller_line import callers_stacklevel
from lanedet.video import stream_facts
from lanedet.video.media_errors import MEDIA_ERRORS, failure_reason
from lanedet.video.orientation import FrameOrientations
from lanedet.video.source import Source, VideoBreakError, VideoFrame, film_of
from lanedet.video.steady_clock import SteadyClock

_STATE_DURATION = ("matroska", "flv")  # formats that state it without a count
_START_ANYWHERE = ("mpeg",)  # formats whose clocks do, transport streams among them
_MAX_MISSING_S = 0.5  # where only the duration is stated, and that roughly
_LATE = Fraction(1, 2)  # of a frame


class ContainerReader(Source):
    """Iterate over the frames of an open container, once.

    What cannot be decoded in the middle is left out and counted; how far the frames
    after it differ from what was filmed is up to the codec. The frames before a break
    are delivered, then :class:`VideoBreakError` is raised. A cut is noticed where the
    container states how long it should be, as MP4, MOV, FLV, ASF and Matroska do, and
    where it goes through a piece of the container: of fragmented MP4, MPEG-TS and
    MPEG-PS some cuts pass for the end, of bare streams all.

    Where the container's clock jumps back, as in files that were put one after another,
    or hours ahead, times go on as if it had not. Frames that damage in the middle has
    swallowed are told after all others, as a break is.

    Args:
        container: What FFmpeg opened. It is closed with this reader, also when the
            constructor fails.
        name: What to call it.
        with_sound: Whether ``sound`` is to be there, if the container has any. It then
            has to be taken while the frames are read, or it piles up.
        bare_rate: Frames per second of a bare stream, which has no time stamps and
            which may state no rate. Elsewhere it is not used.
        is_live: Whether what it reads goes on, whoever keeps up with it.

    Raises:
        ValueError: If there is no video stream, or not one of its frames can be
            decoded.

    Attributes:
        container_format: FFmpeg's name of the container's format.
        height: Of the frames, in pixels, after turning them upright.
        width: Likewise.
        has_times: Whether the container has time stamps; else they are made up.
        num_frames: As the container states it, in AVI with the empty frames that fill
            gaps; None where it does not.
        duration_s: Of the video stream in seconds, None where it is not known.
    """

    def __init__(
        self,
        container: av.container.InputContainer,
        name: str,
        *,
        with_sound: bool = False,
        bare_rate: Fraction | int | None = None,
        is_live: bool = False,
    ) -> None:
        self.name, self.is_live = name, is_live
        self._container = container
        self.container_format: str = container.format.name
        self._to_rgb = VideoReformatter()  # a frame's own would be set up each time
        self._orientations = FrameOrientations()
        self.films = (film_of(name),)
        self.has_times = not container.format.flags & Flags.no_timestamps.value
        self._has_given_rate = bare_rate is not None and not self.has_times
        try:
            self._stream = stream_facts.video_stream(container, name)
            self._take_facts(bare_rate)
            self.sound = stream_facts.sound_of(container) if with_sound else None
            self._last_packet: av.Packet | None = None
            self._packets_end = Fraction(0)  # on the container's clock
            self._skipped = Fraction(0)  # of it, where it jumps ahead
            self._places: dict[int | None, int | None] = {}
            self._decoded = self._decode()
            self._first = self._first_frame()
            self.time_base = Fraction(self._stream.time_base)
            self._start = self._clock(self._first)
            if self.sound is not None:
                self.sound.origin = self._start or Fraction(0)
            self._take_shape()
        except MEDIA_ERRORS as error:
            container.close()
            raise self._unreadable() from error
        except (ValueError, OSError):
            container.close()
            raise
        self._shown_end = Fraction(0)  # of the last frame, as the container says
        self._first_index = 0
        self._is_read = False

    @property
    def expected_frames(self) -> int | None:
        """Number of frames, stated or estimated from the duration, None if unknown."""
        if self.num_frames is None and self.duration_s is not None:
            return round(self.duration_s * self._average_rate)
        return self.num_frames

    def __iter__(self) -> Iterator[VideoFrame]:
        """Yield the frames in order.

        Raises:
            VideoBreakError: After the last good frame, if the video breaks off there,
                or if frames before it are missing because the file is damaged.

        Warns:
            UserWarning: Of a bare stream, about what nobody can know of it; where the
                clock jumps hours ahead.
        """
        if self._is_read:
            return
        self._is_read = True
        if not self.has_times and not self.is_live:
            stream_facts.tell_bare_stream(self.name, self._guessed_rate)
        length = 1 / self.frame_rate
        end, index, first_gap = Fraction(0), self._first_index, None
        told = Fraction(0)
        has_zero = not self.container_format.startswith(_START_ANYWHERE)
        if has_zero and (self._start or 0) > length:  # what comes before may be missing
            first_gap = end
        frames = chain([self._first], self._decoded)
        try:
            for index, frame in enumerate(frames, start=self._first_index):
                told = self._tell_jumps(told)
                time = self._time(frame, index)
                if time > end + _LATE * length and index > self._first_index:
                    first_gap = end if first_gap is None else first_gap
                end = max(end, time + length)
                self._shown_end = time + (frame.duration or 0) * self.time_base
                name = f"{self.films[0]}/{index:06d}.jpg"
                yield VideoFrame(index, time, self._image(frame), name)
        except MEDIA_ERRORS as error:
            raise self._broken(index + 1, end, failure_reason(error)) from error
        self._tell_jumps(told)
        self._check_end(index + 1, end)
        has_gap = first_gap is not None or self._is_short(end)
        if self._is_damaged(has_gap):
            raise self._gappy(index + 1, first_gap)

    def close(self) -> None:
        """Close the container."""
        self._container.close()

    def _take_facts(self, bare_rate: Fraction | int | None) -> None:
        stream, given = self._stream, None
        self.num_frames: int | None = stream.frames or None
        self.duration_s = stream_facts.stated_duration(self._container, stream)
        self._guessed_rate: Fraction | None = None
        if self.has_times:
            self._average_rate = stream_facts.average_rate(stream, self.name)
            self.frame_rate = stream_facts.typical_rate(stream, self._average_rate)
            return
        if bare_rate is not None:
            given = Fraction(bare_rate)
        rate, self._guessed_rate = stream_facts.rate_of_bare_stream(stream, given)
        self.frame_rate = self._average_rate = rate

    def _take_shape(self) -> None:
        self.height, self.width = self._upright(self._first).shape[:2]
        self.sample_aspect_ratio = Fraction(self._stream.sample_aspect_ratio or 1)
        if self._orientations.of(self._first).is_transposed:
            self.sample_aspect_ratio = 1 / self.sample_aspect_ratio

    def _time(self, frame: av.VideoFrame, index: int) -> Fraction:
        """Return the time since the first frame, counted where there is no clock."""
        clock = self._clock(frame)
        if clock is None or self._start is None:
            return index / self.frame_rate
        return clock - self._start

    def _clock(self, frame: av.VideoFrame) -> Fraction | None:
        """Return the container's time of a frame in seconds, exactly."""
        if frame.pts is None or self._has_given_rate:
            return None
        return frame.pts * self.time_base

    def _decode(self) -> Iterator[av.VideoFrame]:
        """Yield the stream's frames, and put the packets of sound aside.

        What cannot be decoded before the first frame does not count: a recording that
        was cut out of a longer one often starts between two key frames.
        """
        has_begun = False
        self._places.clear()  # in the file, by time stamp, up to the first frame
        for packet in self._packets():
            if self.sound is not None and packet.stream is self.sound.stream:
                self.sound.add(packet)
                continue
            if packet.size:  # the last one is empty and only flushes the decoder
                self._last_packet = packet
                self._packets_end = max(self._packets_end, _end_of(packet))
                if not has_begun:
                    self._places[packet.pts] = packet.pos
            try:
                frames = packet.decode()
            except MEDIA_ERRORS:  # whatever the reason, the next one may be whole
                self.num_undecodable += has_begun and packet.size > 0
                continue
            has_begun = has_begun or bool(frames)
            yield from frames

    def _packets(self) -> Iterator[av.Packet]:
        """Yield the streams' packets; where reading fails, first the flushing one."""
        streams = [self._stream, *([self.sound.stream] if self.sound else [])]
        clock = SteadyClock(self._stream.index, 1 / self.frame_rate)
        try:
            for packet in _demux(self._container, streams):
                clock.correct(packet)
                self._skipped = clock.skipped
                yield packet
        except MEDIA_ERRORS:
            flushing = av.Packet()
            flushing.stream = self._stream
            yield flushing
            raise

    def _first_frame(self) -> av.VideoFrame:
        try:
            return next(self._decoded)
        except StopIteration as error:
            raise self._unreadable() from error

    def _image(self, frame: av.VideoFrame) -> ByteArray:
        image = self._upright(frame)
        if image.shape[:2] == (self.height, self.width):
            return image
        # The size may change within a stream; a clip and its lanes have only one.
        width, height = self.width, self.height
        if self._orientations.of(frame).is_transposed:
            width, height = height, width
        return self._upright(frame.reformat(width=width, height=height))

    def _upright(self, frame: av.VideoFrame) -> ByteArray:
        rgb = self._to_rgb.reformat(frame, format="rgb24").to_ndarray()
        rgb = np.asarray(rgb, dtype=np.uint8)  # which it is
        return self._orientations.of(frame).apply(rgb)

    def _check_end(self, num_seen: int, end: Fraction) -> None:
        """Raise VideoBreakError if more frames should have come."""
        if self._ends_early(num_seen, end):
            reason = "it ends there"
            if self.num_undecodable:
                packets = counted(self.num_undecodable, "packet")
                reason = f"{packets} could not be decoded"
            raise self._broken(num_seen, end, reason)

    def _ends_early(self, num_seen: int, end: Fraction) -> bool:
        last = self._last_packet
        if last is not None and last.is_corrupt:
            return True
        if self.container_format == "avi" and last and last.dts is not None:
            # AVI counts in frames, among them the empty ones that fill gaps and are
            # not decoded. Of a cut file FFmpeg only estimates the duration.
            return last.dts + 1 < (self.num_frames or 0)
        if self.duration_s is None:
            return False
        duration_s = self.duration_s - float(self._skipped)
        missing_s = duration_s - float(end)
        late_s = float(_LATE / self.frame_rate)
        if self.num_frames is not None:
            # An edit list may hide stated frames, but then shortens the duration too.
            missing_s = min(missing_s, duration_s - float(self._shown_end))
            return num_seen < self.num_frames and missing_s > late_s
        # In other formats a duration without a count is an estimate.
        if not self.container_format.startswith(_STATE_DURATION):
            return False
        if stream_facts.DURATION_TAG not in self._stream.metadata:
            return missing_s > _MAX_MISSING_S
        # Exact, and it says how long the last frame is shown, as packets do.
        packets_end = self._packets_end - (self._start or 0)
        missing_s = min(missing_s, duration_s - float(packets_end))
        return missing_s > late_s

    def _is_short(self, end: Fraction) -> bool:
        """Return whether more was stated, roughly, or for all tracks together."""
        if self.duration_s is None:
            return False
        missing_s = self.duration_s - float(self._skipped) - float(end)
        return missing_s > float(_LATE / self.frame_rate)

    def _is_damaged(self, has_gap: bool) -> bool:  # noqa: ARG002 - files look at it
        """Return whether the file's structure says that something was lost.

        Args:
            has_gap: Whether frames follow one another later than they should or end
                early, which may as well be a pause of the recorder.
        """
        return False

    def _tell_jumps(self, told: Fraction) -> Fraction:
        """Warn of what the clock has jumped ahead since it was told, in seconds."""
        if self._skipped > told:
            hours = float(self._skipped - told) / 3600
            warnings.warn(
                f"The clock of {self.name!r} jumps ahead by {hours:.1f} h: taken for "
                "another recording, whose times go on from the one before.",
                stacklevel=callers_stacklevel(),
            )
        return self._skipped

    def _unreadable(self) -> ValueError:
        return ValueError(
            f"Not one frame of {self.name!r} can be decoded. Use a video that a "
            "player can play."
        )

    def _broken(self, num_seen: int, end: Fraction, reason: str) -> VideoBreakError:
        expected = self.expected_frames
        seen = f"{num_seen} of {expected} frames" if expected else counted(num_seen)
        return VideoBreakError(
            f"{self.name!r} breaks off after {seen} "
            f"({float(end):.2f} s): {reason}. Copy or record it again to get the rest.",
            reason=reason,
        )

    def _gappy(self, num_seen: int, begin: Fraction | None) -> VideoBreakError:
        reason = "frames or pieces of them are missing"
        if begin is not None:
            reason = f"frames are missing from {float(begin):.2f} s on"
        return VideoBreakError(
            f"{self.name!r} is damaged: {reason}, {counted(num_seen)} could be read. "
            "Copy or record it again to get the others.",
            reason=reason,
        )


def _demux(
    container: av.container.InputContainer, streams: list[av.stream.Stream]
) -> Iterator[av.Packet]:
    """Yield packets, also past a track that appears only on the way."""
    while True:
        try:
            yield from container.demux(streams)
        except IndexError:  # which PyAV has no place for until it is asked again
            continue
        return


def counted(number: int, noun: str = "frame") -> str:
    """Return a number with its noun.

    Example:
        >>> counted(1), counted(2)
        ('1 frame', '2 frames')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _end_of(packet: av.Packet) -> Fraction:
    """Return when a packet is no longer shown, on the container's clock."""
    if packet.pts is None:
        return Fraction(0)
    return Fraction((packet.pts + (packet.duration or 0)) * packet.time_base)

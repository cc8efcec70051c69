"""Frames out of anything that FFmpeg opens, through PyAV (FFmpeg's libraries)."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain

import av
import numpy as np
from av.format import Flags
from av.video.reformatter import VideoReformatter

from lanedet.arrays import ByteArray
from lanedet.video.sources import facts
from lanedet.video.sources.ending import (
    Ending,
    StatedLength,
    break_off,
    damage_inside,
)
from lanedet.video.sources.media_errors import MEDIA_ERRORS, failure_reason
from lanedet.video.sources.orientation import FrameOrientations
from lanedet.video.sources.packets import PacketReader
from lanedet.video.sources.source import (
    Source,
    VideoBreakError,
    VideoFrame,
    counted,
    sequence_of,
)

_START_ANYWHERE = ("mpeg",)  # formats whose clocks do, transport streams among them
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
    swallowed are reported after all others, as a break is.

    Args:
        container: What FFmpeg opened. It is closed with this reader, also when the
            constructor fails.
        name: What to call it.
        with_sound: Whether ``sound`` is to be there, if the container has any. It then
            has to be taken while the frames are read, or it piles up.
        bare_rate: Frames per second of a bare stream, which has no time stamps and
            which may state no rate. Elsewhere it is not used.
        is_live: Whether what it reads goes on, whoever keeps up with it.
        decoder_threads: How many threads decode; as many as there are cores if not
            given.

    Raises:
        ValueError: If there is no video stream, or not one of its frames can be
            decoded.

    Attributes:
        container_format: FFmpeg's name of the container's format.
        height: Height of the frames, in pixels, after turning them upright.
        width: Likewise.
        has_times: Whether the container has time stamps; else they are made up.
        num_frames: As the container states it, in AVI with the empty frames that fill
            gaps; None where it does not.
        duration_s: Duration of the video stream in seconds, None where it is not known.
    """

    def __init__(
        self,
        container: av.container.InputContainer,
        name: str,
        *,
        with_sound: bool = False,
        bare_rate: Fraction | int | None = None,
        is_live: bool = False,
        decoder_threads: int | None = None,
    ) -> None:
        self.name, self.is_live = name, is_live
        self._container = container
        self.container_format: str = container.format.name
        self._to_rgb = VideoReformatter()  # a frame's own would be set up each time
        self._orientations = FrameOrientations()
        self.sequences = (sequence_of(name),)
        self.has_times = not container.format.flags & Flags.no_timestamps.value
        self._has_given_rate = bare_rate is not None and not self.has_times
        try:
            self._stream = facts.video_stream(container, name)
            if decoder_threads is not None:
                self._stream.codec_context.thread_count = decoder_threads
            self._take_facts(bare_rate)
            self.sound = facts.sound_of(container) if with_sound else None
            self._places: dict[int | None, int | None] = {}
            self._begin()
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
        self._stated = StatedLength(
            self.container_format,
            self.num_frames,
            self.duration_s,
            facts.DURATION_TAG in self._stream.metadata,
            1 / self.frame_rate,
        )
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
            facts.warn_of_bare_stream(self.name, self._guessed_rate)
        length = 1 / self.frame_rate
        end, index, first_gap = Fraction(0), self._first_index, None
        reported = Fraction(0)
        has_zero = not self.container_format.startswith(_START_ANYWHERE)
        if has_zero and (self._start or 0) > length:  # what comes before may be missing
            first_gap = end
        frames = chain([self._first], self._decoded)
        try:
            for index, frame in enumerate(frames, start=self._first_index):
                reported = self._warn_of_jumps(reported)
                time = self._time(frame, index)
                if time > end + _LATE * length and index > self._first_index:
                    first_gap = end if first_gap is None else first_gap
                end = max(end, time + length)
                self._shown_end = time + (frame.duration or 0) * self.time_base
                name = f"{self.sequences[0]}/{index:06d}.jpg"
                yield VideoFrame(index, time, self._image(frame), name)
        except MEDIA_ERRORS as error:
            raise self._broken(index + 1, end, failure_reason(error)) from error
        self._warn_of_jumps(reported)
        ending = self._ending(index + 1, end)
        if self._is_cut(ending):
            raise self._broken(index + 1, end, self._cut_reason())
        has_gap = first_gap is not None or ending.is_short(self._stated)
        if self._is_damaged(has_gap):
            raise damage_inside(self.name, index + 1, first_gap)

    def key_frame_before(self, time: Fraction) -> Fraction | None:
        """Return when the last key frame at or before a time is shown.

        The container is somewhere else then: read no frames, or call :meth:`begin_at`.

        Args:
            time: In seconds since the first frame.

        Returns:
            Likewise; None where the container cannot tell.
        """
        try:
            self._seek_to(time)
            for packet in self._container.demux(self._stream):
                if packet.size:
                    return self._time_of_key_frame(packet)
        except MEDIA_ERRORS:
            pass
        return None

    def begin_at(self, time: Fraction) -> None:
        """Begin with the last key frame at or before a time, and read nothing before.

        Called before the first frame is read. Times stay what they are. The frames
        before are not counted: indices follow from the time and the average rate.

        Args:
            time: In seconds since the first frame.

        Raises:
            ValueError: If the container does not lead there, or nothing can be decoded
                from there on.
        """
        try:
            self._seek_to(time)
            self._begin()
        except MEDIA_ERRORS as error:
            raise self._unreadable_from(time) from error
        clock = self._clock(self._first)
        if clock is None or self._start is None or clock - self._start > time:
            raise self._unreadable_from(time)
        self._first_index = round((clock - self._start) * self._average_rate)

    def close(self) -> None:
        """Close the container."""
        self._container.close()

    def _seek_to(self, time: Fraction) -> None:
        ticks = round((time + (self._start or 0)) / self.time_base)
        self._container.seek(ticks, stream=self._stream)

    def _time_of_key_frame(self, packet: av.Packet) -> Fraction | None:
        if packet.pts is None or not packet.is_keyframe or self._start is None:
            return None
        return packet.pts * self.time_base - self._start

    def _take_facts(self, bare_rate: Fraction | int | None) -> None:
        stream, given = self._stream, None
        self.num_frames: int | None = stream.frames or None
        self.duration_s = facts.stated_duration(self._container, stream)
        self._guessed_rate: Fraction | None = None
        if self.has_times:
            self._average_rate = facts.average_rate(stream, self.name)
            self.frame_rate = facts.typical_rate(stream, self._average_rate)
            return
        if bare_rate is not None:
            given = Fraction(bare_rate)
        rate, self._guessed_rate = facts.rate_of_bare_stream(stream, given)
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

    def _begin(self) -> None:
        """Read on, from wherever the container is, to the first frame."""
        self._packets = PacketReader(
            self._container, self._stream, 1 / self.frame_rate, self.sound
        )
        self._decoded = self._decode()
        self._first = self._first_frame()

    def _decode(self) -> Iterator[av.VideoFrame]:
        """Yield the stream's frames, and put the packets of sound aside.

        What cannot be decoded before the first frame does not count: a recording that
        was cut out of a longer one often starts between two key frames.
        """
        has_begun = False
        self._places.clear()  # in the file, by time stamp, up to the first frame
        for packet in self._packets:
            if packet.size and not has_begun:
                self._places[packet.pts] = packet.pos
            try:
                frames = packet.decode()
            except MEDIA_ERRORS:  # whatever the reason, the next one may be whole
                self.num_undecodable += has_begun and packet.size > 0
                continue
            has_begun = has_begun or bool(frames)
            yield from frames

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

    def _ending(self, num_frames: int, end: Fraction) -> Ending:
        packets = self._packets
        return Ending(
            num_frames=num_frames,
            end=end,
            shown_end=self._shown_end,
            packets_end=packets.end - (self._start or 0),
            skipped=packets.skipped,
            last_packet=packets.last,
        )

    def _broken(self, num_frames: int, end: Fraction, reason: str) -> VideoBreakError:
        ending = self._ending(num_frames, end)
        return break_off(self.name, ending, self.expected_frames, reason)

    def _cut_reason(self) -> str:
        if not self.num_undecodable:
            return "it ends there"
        return f"{counted(self.num_undecodable, 'packet')} could not be decoded"

    def _is_cut(self, ending: Ending) -> bool:
        """Return whether more frames should have come."""
        return ending.is_early(self._stated)

    def _is_damaged(self, has_gap: bool) -> bool:  # noqa: ARG002 - files look at it
        """Return whether the file's structure says that something was lost.

        Args:
            has_gap: Whether frames follow one another later than they should or end
                early, which may as well be a pause of the recorder.
        """
        return False

    def _warn_of_jumps(self, reported: Fraction) -> Fraction:
        """Warn of what the clock has jumped ahead since it was reported, in seconds."""
        if self._packets.skipped > reported:
            facts.warn_of_jump(self.name, self._packets.skipped - reported)
        return self._packets.skipped

    def _unreadable_from(self, time: Fraction) -> ValueError:
        return ValueError(
            f"{self.name!r} cannot be read from {float(time):.2f} s on without what "
            "comes before. Read it from its beginning."
        )

    def _unreadable(self) -> ValueError:
        return ValueError(
            f"Not one frame of {self.name!r} can be decoded. Use a video that a "
            "player can play."
        )

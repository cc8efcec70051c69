"""Frames out of anything that FFmpeg opens, through PyAV (FFmpeg's libraries)."""

import errno
import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import PurePath

import av
import numpy as np
from av.format import Flags
from av.stream import Disposition
from av.video.reformatter import VideoReformatter

from lanedet.arrays import ByteArray
from lanedet.video.sound import Sound
from lanedet.video.source import Source, VideoBreakError, VideoFrame
from lanedet.video.steady_clock import SteadyClock

_STATE_DURATION = ("matroska", "flv")  # formats that state it without a count
_DURATION_TAG = "DURATION"  # of a track of Matroska
_MAX_MISSING_S = 0.5  # where only the duration is stated, and that roughly
_LATE = Fraction(1, 2)  # of a frame
_MAX_PIXELS = 64_000_000  # of a frame, nearly twice those of 8K


class ContainerReader(Source):
    """Iterate over the frames of an open container, once.

    What cannot be decoded in the middle is left out and counted; how far the frames
    after it differ from what was filmed is up to the codec. The frames before a break
    are delivered, then :class:`VideoBreakError` is raised. A cut is noticed where it
    goes through a frame, or where the container states how long it should be: MP4,
    MOV, FLV and Matroska do; fragmented MP4, MPEG-TS and bare streams do not, and some
    of their cuts pass for the end.

    Where the container's clock jumps back, as in files that were put one after another,
    times go on as if it had not.

    Args:
        container: What FFmpeg opened. It is closed with this reader, also when the
            constructor fails.
        name: What to call it.
        with_sound: Whether ``sound`` is to be there, if the container has any. It then
            has to be taken while the frames are read, or it piles up.

    Raises:
        ValueError: If there is no video stream, or not one of its frames can be
            decoded.

    Attributes:
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
    ) -> None:
        self.name = name
        self._container = container
        self._to_rgb = VideoReformatter()  # a frame's own would be set up each time
        self._stem = PurePath(name).stem or "video"
        self.has_times = not container.format.flags & Flags.no_timestamps.value
        try:
            self._stream = _video_stream(container, name)
            self.num_frames: int | None = self._stream.frames or None
            self.duration_s = _stated_duration(container, self._stream)
            self.frame_rate = _frame_rate(self._stream, name)
            self.sound = _sound(container) if with_sound else None
            self._last_packet: av.Packet | None = None
            self._packets_end = Fraction(0)  # on the container's clock
            self._places: dict[int | None, int | None] = {}
            self._decoded = self._decode()
            self._first = self._first_frame()
        except (ValueError, OSError):
            container.close()
            raise
        self.time_base = Fraction(self._stream.time_base)
        self._start = self._clock(self._first)
        if self.sound is not None:
            self.sound.origin = self._start or Fraction(0)
        self.height, self.width = self._upright(self._first).shape[:2]
        self.sample_aspect_ratio = Fraction(self._stream.sample_aspect_ratio or 1)
        if _quarter_turns(self._first) % 2:
            self.sample_aspect_ratio = 1 / self.sample_aspect_ratio
        self._first_index = 0
        self._is_read = False

    @property
    def expected_frames(self) -> int | None:
        """Number of frames, stated or estimated from the duration, None if unknown."""
        if self.num_frames is None and self.duration_s is not None:
            return round(self.duration_s * self.frame_rate)
        return self.num_frames

    def __iter__(self) -> Iterator[VideoFrame]:
        """Yield the frames in order.

        Raises:
            VideoBreakError: After the last good frame, if the video breaks off there.
        """
        if self._is_read:
            return
        self._is_read = True
        length = 1 / self.frame_rate
        end, index = Fraction(0), self._first_index
        frames = chain([self._first], self._decoded)
        try:
            for index, frame in enumerate(frames, start=self._first_index):
                time = index * length
                clock = self._clock(frame)
                if clock is not None and self._start is not None:
                    time = clock - self._start
                end = max(end, time + length)
                name = f"{self._stem}/{index:06d}.jpg"
                yield VideoFrame(index, time, self._image(frame), name)
        except av.error.FFmpegError as error:
            raise self._broken(index + 1, end, failure_reason(error)) from error
        if self._ends_early(index + 1, end):
            reason = "it ends there"
            if self.num_undecodable:
                packets = counted(self.num_undecodable, "packet")
                reason = f"{packets} could not be decoded"
            raise self._broken(index + 1, end, reason)

    def close(self) -> None:
        """Close the container."""
        self._container.close()

    def _clock(self, frame: av.VideoFrame) -> Fraction | None:
        """Return the container's time of a frame in seconds, exactly."""
        if frame.pts is None:
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
            except av.error.InvalidDataError:
                self.num_undecodable += has_begun
                continue
            has_begun = has_begun or bool(frames)
            yield from frames

    def _packets(self) -> Iterator[av.Packet]:
        """Yield the streams' packets; where reading fails, first the flushing one."""
        streams = [self._stream, *([self.sound.stream] if self.sound else [])]
        clock = SteadyClock(self._stream.index, 1 / self.frame_rate)
        try:
            for packet in self._container.demux(streams):
                clock.correct(packet)
                yield packet
        except av.error.FFmpegError:
            flushing = av.Packet()
            flushing.stream = self._stream
            yield flushing
            raise

    def _first_frame(self) -> av.VideoFrame:
        try:
            return next(self._decoded)
        except (StopIteration, av.error.FFmpegError) as error:
            raise ValueError(
                f"Not one frame of {self.name!r} can be decoded. Use a video that a "
                "player can play."
            ) from error

    def _image(self, frame: av.VideoFrame) -> ByteArray:
        image = self._upright(frame)
        if image.shape[:2] == (self.height, self.width):
            return image
        # The size may change within a stream; a clip and its lanes have only one.
        width, height = self.width, self.height
        if _quarter_turns(frame) % 2:
            width, height = height, width
        return self._upright(frame.reformat(width=width, height=height))

    def _upright(self, frame: av.VideoFrame) -> ByteArray:
        rgb = self._to_rgb.reformat(frame, format="rgb24").to_ndarray()
        image = np.rot90(rgb, _quarter_turns(frame))
        return np.ascontiguousarray(image, dtype=np.uint8)

    def _ends_early(self, num_seen: int, end: Fraction) -> bool:
        last = self._last_packet
        if last is not None and last.is_corrupt:
            return True
        if self._container.format.name == "avi" and last and last.dts is not None:
            # AVI counts in frames, among them the empty ones that fill gaps and are
            # not decoded. Of a cut file FFmpeg only estimates the duration.
            return last.dts + 1 < (self.num_frames or 0)
        if self.duration_s is None:
            return False
        missing_s = self.duration_s - float(end)
        if self.num_frames is not None:
            # An edit list may hide stated frames, but then shortens the duration too.
            too_short = missing_s > float(_LATE / self.frame_rate)
            return num_seen < self.num_frames and too_short
        # In other formats a duration without a count is an estimate.
        if not self._container.format.name.startswith(_STATE_DURATION):
            return False
        if _DURATION_TAG not in self._stream.metadata:
            return missing_s > _MAX_MISSING_S
        # Exact, and it says how long the last frame is shown, as packets do.
        packets_end = self._packets_end - (self._start or 0)
        missing_s = min(missing_s, self.duration_s - float(packets_end))
        return missing_s > float(_LATE / self.frame_rate)

    def _broken(self, num_seen: int, end: Fraction, reason: str) -> VideoBreakError:
        expected = self.expected_frames
        seen = f"{num_seen} of {expected} frames" if expected else counted(num_seen)
        return VideoBreakError(
            f"{self.name!r} breaks off after {seen} "
            f"({float(end):.2f} s): {reason}. Copy or record it again to get the rest.",
            reason=reason,
        )


def failure_reason(error: av.error.FFmpegError) -> str:
    """Return why FFmpeg failed, in words that help."""
    if isinstance(error, av.error.ExitError):  # what it calls a time limit
        return "nothing came in time"
    if error.errno == errno.EIO:
        return "it cannot be read any further"
    return str(error.strerror)


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


def _video_stream(
    container: av.container.InputContainer, name: str
) -> av.video.stream.VideoStream:
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:  # no cover of an album
            if stream.codec_context is None:
                raise ValueError(
                    f"{name!r} is in a format that this FFmpeg cannot decode. "
                    "Convert it to H.264."
                )
            _check_pixels(stream.codec_context, name)
            stream.thread_type = "AUTO"
            return stream
    raise ValueError(f"{name!r} has no video stream. Use a file with pictures.")


def _check_pixels(context: av.codec.context.CodecContext, name: str) -> None:
    """Raise ValueError if frames are too large; keep the decoder from making such."""
    if context.width * context.height > _MAX_PIXELS:
        raise ValueError(
            f"The frames of {name!r} must have at most {_MAX_PIXELS // 10**6} million "
            f"pixels, got {context.width}x{context.height}. Make them smaller."
        )
    # A frame may turn out larger than the container says.
    context.options = {"max_pixels": str(_MAX_PIXELS)}


def _sound(container: av.container.InputContainer) -> Sound | None:
    for stream in container.streams.audio:
        if stream.codec_context is not None and stream.codec_context.sample_rate:
            return Sound(stream)
    return None


def _frame_rate(stream: av.video.stream.VideoStream, name: str) -> Fraction:
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate:
            return Fraction(rate)
    raise ValueError(
        f"{name!r} states no frame rate. Convert it to MP4 to give it one."
    )


def _stated_duration(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> float | None:
    """Return the duration of the video stream in seconds, None if not known."""
    if stream.duration:
        return float(stream.duration * stream.time_base)
    # Matroska keeps it in a tag.
    stated_s = None
    tag = re.fullmatch(
        r"(\d+):(\d+):(\d+(?:\.\d+)?)", stream.metadata.get(_DURATION_TAG, "")
    )
    if tag:
        hours, minutes, seconds = (float(part) for part in tag.groups())
        stated_s = 3600 * hours + 60 * minutes + seconds
    elif container.duration and len(container.streams) == 1:
        stated_s = float(container.duration / av.time_base)
    if stated_s and stream.start_time and container.format.name.startswith("matroska"):
        # FFmpeg counts it from 0, not from the first frame. If another program did
        # not, a cut may pass for the end, which is better than the reverse.
        start_s = float(stream.start_time * stream.time_base)
        return stated_s - start_s if stated_s > start_s else stated_s
    return stated_s


def _quarter_turns(frame: av.VideoFrame) -> int:
    """Return how often the frame must be turned by 90 degrees, anticlockwise."""
    return round(frame.rotation / 90)

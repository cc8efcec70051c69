"""Frames out of a video file, through PyAV (FFmpeg's libraries)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.stream import Disposition

from lanedet.structures import ByteArray

_STATE_DURATION = ("matroska", "flv")  # formats that state it without a count
_MAX_MISSING_S = 0.5  # where only the duration is stated, and that roughly


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One frame of a video."""

    index: int
    """Position in the video, from 0."""

    time_s: float
    """Time since the first frame, in seconds."""

    image: ByteArray
    """(H, W, 3) uint8, RGB, turned upright."""


class VideoBreakError(ValueError):
    """A video that ends, or cannot be decoded any further, before its stated end."""


class VideoReader:
    """Iterate over the frames of a video file, once.

    The frames before a break are delivered, then :class:`VideoBreakError` is raised.
    A cut is noticed where it goes through a frame, or where the file states how long
    it should be: MP4, MOV, FLV and Matroska do; fragmented MP4, MPEG-TS and bare
    streams do not, and some of their cuts pass for the end.

    Args:
        path: The video file, in any format and codec that FFmpeg knows.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no video, has no video stream, or not one of its
            frames can be decoded.

    Attributes:
        height: Of the frames, in pixels, after turning them upright.
        width: Likewise.
        sample_aspect_ratio: Width to height of a pixel as it is to be shown, likewise;
            1 where the file does not state it.
        frame_rate: Frames per second, exactly.
        num_frames: As the container states it, in AVI with the empty frames that fill
            gaps; None where it does not.
        duration_s: Of the video stream in seconds, None where it is not known.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._container = _open_video(self.path)
        try:
            self._stream = _video_stream(self._container, self.path)
            self.num_frames: int | None = self._stream.frames or None
            self.duration_s = _stated_duration(self._container, self._stream)
            self.frame_rate = _frame_rate(self._stream, self.path)
            self._last_packet: av.Packet | None = None
            self._decoded = self._decode()
            self._first = _first_frame(self._decoded, self.path)
        except (ValueError, OSError):
            self._container.close()
            raise
        self.height, self.width = _upright(self._first).shape[:2]
        self.sample_aspect_ratio = Fraction(self._stream.sample_aspect_ratio or 1)
        if _quarter_turns(self._first) % 2:
            self.sample_aspect_ratio = 1 / self.sample_aspect_ratio
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
        start_s = self._first.time
        end_s, index = 0.0, 0
        try:
            for index, frame in enumerate(chain([self._first], self._decoded)):
                time_s = float(index / self.frame_rate)
                if frame.time is not None and start_s is not None:
                    time_s = frame.time - start_s
                end_s = max(end_s, time_s + float(1 / self.frame_rate))
                yield VideoFrame(index, time_s, self._image(frame))
        except av.error.FFmpegError as error:
            raise self._broken(index + 1, end_s, str(error.strerror)) from error
        if self._ends_early(index + 1, end_s):
            raise self._broken(index + 1, end_s, "the file ends there")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _decode(self) -> Iterator[av.VideoFrame]:
        """Yield the stream's frames.

        What cannot be decoded before the first frame is left out: a recording that was
        cut out of a longer one often starts between two key frames.
        """
        has_begun = False
        for packet in self._container.demux(self._stream):
            if packet.size:  # the last one is empty and only flushes the decoder
                self._last_packet = packet
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                if has_begun:
                    raise
                continue
            has_begun = has_begun or bool(frames)
            yield from frames

    def _image(self, frame: av.VideoFrame) -> ByteArray:
        image = _upright(frame)
        if image.shape[:2] == (self.height, self.width):
            return image
        # The size may change within a stream; a clip and its lanes have only one.
        width, height = self.width, self.height
        if _quarter_turns(frame) % 2:
            width, height = height, width
        return _upright(frame.reformat(width=width, height=height))

    def _ends_early(self, num_seen: int, end_s: float) -> bool:
        last = self._last_packet
        if last is not None and last.is_corrupt:
            return True
        if self._container.format.name == "avi" and last and last.dts is not None:
            # AVI counts in frames, among them the empty ones that fill gaps and are
            # not decoded. Of a cut file FFmpeg only estimates the duration.
            return last.dts + 1 < (self.num_frames or 0)
        if self.duration_s is None:
            return False
        missing_s = self.duration_s - end_s
        if self.num_frames is not None:
            # An edit list may hide stated frames, but then shortens the duration too.
            too_short = missing_s > 0.5 / float(self.frame_rate)
            return num_seen < self.num_frames and too_short
        # In other formats a duration without a count is an estimate.
        is_stated = self._container.format.name.startswith(_STATE_DURATION)
        return is_stated and missing_s > _MAX_MISSING_S

    def _broken(self, num_seen: int, end_s: float, reason: str) -> VideoBreakError:
        expected = self.expected_frames
        of = f" of {expected}" if expected else ""
        return VideoBreakError(
            f"{str(self.path)!r} breaks off after {num_seen}{of} frames "
            f"({end_s:.2f} s): {reason}. Copy or record it again to get the rest."
        )


def _open_video(path: Path) -> av.container.InputContainer:
    if not path.exists():
        raise FileNotFoundError(f"No video at {str(path)!r}. Check the path.")
    if path.is_dir():
        raise ValueError(
            f"{str(path)!r} is a folder. Name one video file; for several, run once "
            "for each."
        )
    try:
        # "file:" keeps FFmpeg from reading a colon in the name as a protocol.
        container = av.open(f"file:{path}", metadata_errors="replace")
    except av.error.InvalidDataError as error:
        raise ValueError(
            f"{str(path)!r} is no video that FFmpeg can read. Use a video file; one "
            "that was cut off while it was recorded must be repaired first."
        ) from error
    if container.format.name == "tty":  # FFmpeg would show any text as a film
        container.close()
        raise ValueError(f"{str(path)!r} is a text file. Use a video file.")
    return container


def _video_stream(
    container: av.container.InputContainer, path: Path
) -> av.video.stream.VideoStream:
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:  # no cover of an album
            if stream.codec_context is None:
                raise ValueError(
                    f"{str(path)!r} is in a format that this FFmpeg cannot decode. "
                    "Convert it to H.264."
                )
            stream.thread_type = "AUTO"
            return stream
    raise ValueError(f"{str(path)!r} has no video stream. Use a file with pictures.")


def _frame_rate(stream: av.video.stream.VideoStream, path: Path) -> Fraction:
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate:
            return Fraction(rate)
    raise ValueError(
        f"{str(path)!r} states no frame rate. Convert it to MP4 to give it one."
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
        r"(\d+):(\d+):(\d+(?:\.\d+)?)", stream.metadata.get("DURATION", "")
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


def _first_frame(decoded: Iterator[av.VideoFrame], path: Path) -> av.VideoFrame:
    try:
        return next(decoded)
    except (StopIteration, av.error.FFmpegError) as error:
        raise ValueError(
            f"Not one frame of {str(path)!r} can be decoded. Use a video that a player "
            "can play."
        ) from error


def _quarter_turns(frame: av.VideoFrame) -> int:
    """Return how often the frame must be turned by 90 degrees, anticlockwise."""
    return round(frame.rotation / 90)


def _upright(frame: av.VideoFrame) -> ByteArray:
    image = np.rot90(frame.to_ndarray(format="rgb24"), _quarter_turns(frame))
    return np.ascontiguousarray(image, dtype=np.uint8)

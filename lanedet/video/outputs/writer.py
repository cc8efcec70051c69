"""Frames into a video file that every player and browser plays."""

import errno
import os
from contextlib import suppress
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from lanedet.arrays import ByteArray
from lanedet.files import LONGEST_NAME, check_name_length
from lanedet.runtime import hold_interrupts
from lanedet.video.outputs.fragments import (
    FRAGMENTED,
    count_frames,
    cut_to_fragments,
    write_ordinary,
)
from lanedet.video.sources.sound import Sound, SoundTrack

_SUFFIXES = (".mp4", ".mov", ".mkv")
# As large as x264's "veryfast" with the same quality, in half the time: of what that
# does in addition, the look ahead is nearly all the gain. Nearly as close to a real
# clip (45.1 dB for 45.3), less so to a very noisy one (44.3 for 46.4).
_ENCODER = {
    "preset": "superfast",
    "crf": "20",
    "x264-params": "mbtree=1:rc-lookahead=10",
}
# R, G, B, 1 in [0, 255] to Y, Cb, Cr of ITU-R BT.709 in the limited range.
_TO_BT709 = np.array(
    [
        [0.18259, 0.61423, 0.06201, 16.0],
        [-0.10064, -0.33857, 0.43922, 128.0],
        [0.43922, -0.39894, -0.04027, 128.0],
    ]
)


class VideoWriter:
    """Write a video: H.264, yuv420p, frames at times of their own or evenly.

    Use it as a context manager. The file appears under its name when the block is
    left, also when an exception or Ctrl-C leaves it, and holds every frame that was
    written; until then it grows as ``.<name>.part.<suffix>`` beside it, which can be
    played too, also after the process was killed. If no frame was written there is no
    file.

    An MP4 or MOV file grows in fragments and is copied at the end, with its index at
    the front. Where the disk has no room for the copy the fragmented file is kept,
    which browsers and players play as well; where it had no room for all frames, those
    that fit.

    Args:
        path: The file, ending in .mp4, .mov or .mkv. Missing folders are made, an
            existing file is replaced.
        frame_rate: Frames per second, > 0; on average, where times are given.
        sample_aspect_ratio: Width to height of a pixel as it is to be shown, > 0.
        time_base: What the times of frames are multiples of, in seconds, > 0; one
            frame's length if not given. MP4 and MOV keep such times exactly, Matroska
            rounds them to milliseconds.
        sound: To go with the frames (:meth:`write_sound`); None for a silent clip.

    Raises:
        ValueError: If the name ends otherwise, or the frame rate, the aspect ratio or
            the time base is not positive.
        OSError: If the file cannot be written.

    Attributes:
        num_frames: That were written; once closed, those in the file.
        is_kept: Whether the file has its name.
    """

    def __init__(
        self,
        path: Path | str,
        frame_rate: Fraction | int,
        sample_aspect_ratio: Fraction | int = 1,
        *,
        time_base: Fraction | None = None,
        sound: Sound | None = None,
    ) -> None:
        self.path = Path(path)
        self.num_frames = 0
        self.is_kept = False
        self._rate = Fraction(frame_rate)
        self._pixel_shape = Fraction(sample_aspect_ratio)
        self._sound = sound
        self._track: SoundTrack | None = None
        if self.path.suffix.lower() not in _SUFFIXES:
            raise ValueError(
                f"A clip's name must end in {', '.join(_SUFFIXES)}, "
                f"got {str(self.path)!r}."
            )
        if self._rate <= 0:
            raise ValueError(f"frame_rate must be positive, got {frame_rate}.")
        if self._pixel_shape <= 0:
            raise ValueError(
                f"sample_aspect_ratio must be positive, got {sample_aspect_ratio}."
            )
        self._time_base = 1 / self._rate if time_base is None else time_base
        if self._time_base <= 0:
            raise ValueError(f"time_base must be positive, got {time_base}.")
        if self.path.is_dir():
            raise IsADirectoryError(f"{str(self.path)!r} is a folder, not a clip.")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._part = _beside(self.path, "part")
        self._copy = _beside(self.path, "copy")
        self._is_fragmented = self.path.suffix.lower() != ".mkv"
        self._part.touch()  # fails now rather than after the first frame
        self._container: av.container.OutputContainer | None = None
        self._image_shape: tuple[int, ...] = ()
        self._start = Fraction(0)
        self._last_pts = -1

    def write(self, image: ByteArray, time: Fraction | None = None) -> None:
        """Append a frame.

        Args:
            image: (H, W, 3) uint8, RGB, all frames of one size. Where a side is odd,
                which the pixel format cannot store, its last row or column is doubled.
            time: When it is to be shown, in seconds on any clock; the clip starts with
                its first frame. A time that is not later than the frame's before is
                moved behind it. If not given, one frame's length after the one before;
                either all frames have a time or none.

        Raises:
            ValueError: If the image is of another kind, or of another size than the
                first.
            OSError: If the file cannot be written.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(
                f"image must be (H, W, 3) uint8, got {image.shape} {image.dtype}."
            )
        if self._container is None:
            self._open(image.shape)
            self._start = time or Fraction(0)
        if image.shape != self._image_shape:
            raise ValueError(
                f"All frames of a clip must have the size of the first, (H, W) = "
                f"{self._image_shape[:2]}, got {image.shape[:2]}."
            )
        frame = yuv_frame(_even(image))
        if time is None:
            time = self.num_frames / self._rate
        pts = round((time - self._start) / self._time_base)
        frame.pts = self._last_pts = max(pts, self._last_pts + 1)
        frame.time_base = self._time_base
        frame.duration = round(1 / self._rate / self._time_base)
        with hold_interrupts():  # a packet must not get lost on its way to the file
            self._mux(frame)
            self.num_frames += 1

    def write_sound(self, end: Fraction | None = None) -> None:
        """Append the sound that was read so far; before the first frame, do nothing.

        Args:
            end: Time on the frames' clock at which the clip is to end; what begins
                later is left out. If not given, nothing is.

        Raises:
            OSError: If the file cannot be written.
        """
        if self._track is None or self._sound is None:
            return
        with hold_interrupts():
            for piece in self._sound.take():
                # The decoder of AAC needs the piece before the first that is heard.
                if piece.end >= self._start and (end is None or piece.time < end):
                    self._track.write(piece.packet, piece.time - self._start)

    def close(self) -> None:
        """Write what is still in the encoder, complete the file and name it."""
        container, self._container = self._container, None
        with hold_interrupts():
            try:
                if container is not None:
                    self._complete(container)
            finally:
                self._part.unlink(missing_ok=True)
                self._copy.unlink(missing_ok=True)

    def _complete(self, container: av.container.OutputContainer) -> None:
        try:
            with container:
                for packet in self._stream.encode():
                    container.mux(packet)
                if self._track is not None:
                    self._track.close()
        except OSError:
            self._keep_what_fits()
            raise
        if not self._is_fragmented:
            self._keep(self._part)
            return
        num_copied = 0
        with suppress(OSError, av.error.FFmpegError):  # no room for two of them
            num_copied = write_ordinary(self._part, self._copy)
        num_frames = self.num_frames
        if num_copied == num_frames:
            self._keep(self._copy)
            return
        self._keep_what_fits()
        if self.num_frames < num_frames:  # FFmpeg does not tell of every lost end
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))

    def _keep_what_fits(self) -> None:
        if self._is_fragmented:
            cut_to_fragments(self._part)
        self.num_frames = count_frames(self._part)
        if self.num_frames:
            self._keep(self._part)

    def _keep(self, file: Path) -> None:
        file.replace(self.path)
        self.is_kept = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self, image_shape: tuple[int, ...]) -> None:
        """Start the file; the size is known from the first frame."""
        options = FRAGMENTED if self._is_fragmented else {}
        container = av.open(f"file:{self._part}", "w", options=options)
        self._stream = container.add_stream(
            "libx264", rate=self._rate, options=_ENCODER
        )
        self._container = container  # from here on there is something to complete
        self._stream.height = image_shape[0] + image_shape[0] % 2
        self._stream.width = image_shape[1] + image_shape[1] % 2
        self._stream.pix_fmt = "yuv420p"
        codec = self._stream.codec_context
        codec.time_base = self._time_base
        codec.sample_aspect_ratio = self._pixel_shape
        # Players guess the meaning of untagged colors from the size of the picture.
        codec.colorspace = codec.color_primaries = codec.color_trc = Colorspace.ITU709
        codec.color_range = ColorRange.MPEG
        self._image_shape = image_shape
        if self._sound is not None:
            self._track = SoundTrack(self._container, self._sound)

    def _mux(self, frame: av.VideoFrame) -> None:
        assert self._container is not None
        for packet in self._stream.encode(frame):
            self._container.mux(packet)


def _beside(path: Path, kind: str) -> Path:
    """Return the hidden name of a file that belongs to another one."""
    check_name_length(path)
    name = f".{path.stem}.{kind}{path.suffix}"
    if len(os.fsencode(name)) > LONGEST_NAME:
        digest = sha256(os.fsencode(path.stem)).hexdigest()[:12]
        name = f".{digest}.{kind}{path.suffix}"
    return path.with_name(name)


def _even(image: ByteArray) -> ByteArray:
    """Return an image both sides of which are even."""
    height, width = image.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return np.ascontiguousarray(image)
    return np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def yuv_frame(image: ByteArray) -> av.VideoFrame:
    """Return an image (H, W, 3), RGB, both sides even, as a frame in yuv420p.

    A third of the time that FFmpeg's scaler takes for it.
    """
    height, width = image.shape[:2]
    frame = av.VideoFrame(width, height, "yuv420p")
    frame.colorspace, frame.color_range = Colorspace.ITU709, ColorRange.MPEG
    full = cv2.transform(image, _TO_BT709)
    half = cv2.resize(full, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    for channel, values in enumerate((full, half, half)):
        plane = frame.planes[channel]
        rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        cv2.extractChannel(values, channel, dst=rows[:, : plane.width])
    return frame

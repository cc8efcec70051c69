"""Frames into a video file that every player and browser plays."""

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from lanedet.runtime import hold_interrupts
from lanedet.structures import ByteArray

_SUFFIXES = (".mp4", ".mov", ".mkv")
_BT709 = 1  # number of that standard in H.264's colour description
_LIMITED_RANGE = 1


class VideoWriter:
    """Write a video: H.264, yuv420p, constant frame rate.

    Use it as a context manager. The file appears under its name when the block is
    left, also when an exception or Ctrl-C leaves it, and holds every frame that was
    written; until then it grows under a name of its own beside it. If no frame was
    written there is no file.

    Args:
        path: The file, ending in .mp4, .mov or .mkv. Missing folders are made, an
            existing file is replaced.
        frame_rate: Frames per second, > 0, kept exactly.
        sample_aspect_ratio: Width to height of a pixel as it is to be shown, > 0.

    Raises:
        ValueError: If the name ends otherwise, or the frame rate or the aspect ratio
            is not positive.
        OSError: If the file cannot be written.

    Attributes:
        num_frames: That were written.
        is_kept: Whether the clip is complete and has its name.
    """

    def __init__(
        self,
        path: Path | str,
        frame_rate: Fraction | int,
        sample_aspect_ratio: Fraction | int = 1,
    ) -> None:
        self.path = Path(path)
        self.num_frames = 0
        self.is_kept = False
        self._rate = Fraction(frame_rate)
        self._pixel_shape = Fraction(sample_aspect_ratio)
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
        if self.path.is_dir():
            raise IsADirectoryError(f"{str(self.path)!r} is a folder, not a clip.")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._part = self.path.with_name(f".{self.path.stem}.part{self.path.suffix}")
        self._part.touch()  # fails now rather than after the first frame
        self._container: av.container.OutputContainer | None = None
        self._image_shape: tuple[int, ...] = ()

    def write(self, image: ByteArray) -> None:
        """Append a frame.

        Args:
            image: (H, W, 3) uint8, RGB, all frames of one size. Where a side is odd,
                which the pixel format cannot store, its last row or column is doubled.

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
        if image.shape != self._image_shape:
            raise ValueError(
                f"All frames of a clip must have the size of the first, (H, W) = "
                f"{self._image_shape[:2]}, got {image.shape[:2]}."
            )
        height, width = image.shape[:2]
        even = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(even, format="rgb24").reformat(
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        frame.pts, frame.time_base = self.num_frames, 1 / self._rate
        with hold_interrupts():  # a packet must not get lost on its way to the file
            self._mux(frame)
            self.num_frames += 1

    def close(self) -> None:
        """Write what is still in the encoder, complete the file and name it."""
        container, self._container = self._container, None
        with hold_interrupts():
            try:
                if container is None:
                    return
                with container:
                    for packet in self._stream.encode():
                        container.mux(packet)
                self._part.replace(self.path)
                self.is_kept = True
            finally:
                self._part.unlink(missing_ok=True)

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
        # faststart puts the index first, so that a browser can play while it loads.
        options = {} if self.path.suffix == ".mkv" else {"movflags": "+faststart"}
        self._container = av.open(f"file:{self._part}", "w", options=options)
        self._stream = self._container.add_stream(
            "libx264", rate=self._rate, options={"preset": "veryfast", "crf": "20"}
        )
        self._stream.height = image_shape[0] + image_shape[0] % 2
        self._stream.width = image_shape[1] + image_shape[1] % 2
        self._stream.pix_fmt = "yuv420p"
        codec = self._stream.codec_context
        codec.sample_aspect_ratio = self._pixel_shape
        # Players guess the meaning of untagged colours from the size of the picture.
        codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
        codec.color_range = _LIMITED_RANGE
        self._image_shape = image_shape

    def _mux(self, frame: av.VideoFrame) -> None:
        assert self._container is not None
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

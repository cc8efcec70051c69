"""Which way up a stored picture is to be shown.

Cameras that are held or mounted otherwise store the picture as the sensor has it, and
a matrix beside it that says where its pixels go on the screen (ISO/IEC 14496-12,
8.3.2). The rules are FFmpeg's: ``av_display_rotation_get`` in libavutil/display.c and
``configure_input_video_filter`` in fftools/ffmpeg_filter.c (of FFmpeg 8.1). Where the
matrix turns by an angle between the quarters, the nearest of the eight orientations is
taken; FFmpeg turns such pictures with black corners.
"""

from typing import NamedTuple, Self

import av
import numpy as np
from av.sidedata.sidedata import Type

from lanedet.arrays import ByteArray


class Orientation(NamedTuple):
    """One of the eight ways in which a picture can lie: first transposed, then flipped.

    Each is a statement on what must be done for the picture to be upright.
    """

    is_transposed: bool = False
    """Whether rows become columns."""

    is_flipped_x: bool = False
    """Whether left and right are then exchanged."""

    is_flipped_y: bool = False
    """Whether top and bottom are then exchanged."""

    @classmethod
    def of_matrix(cls, matrix: np.ndarray) -> Self:
        """Return what a display matrix says.

        Args:
            matrix: (3, 3), row vectors: (x, y, 1) of the stored picture times it is
                where the pixel is shown, x to the right, y down. Only the directions
                count; a matrix without any is none, as in FFmpeg.

        Example:
            >>> Orientation.of_matrix(np.diag([-1.0, 1.0, 1.0]))
            Orientation(is_transposed=False, is_flipped_x=True, is_flipped_y=False)
        """
        directions = np.asarray(matrix, dtype=np.float64)[:2, :2]
        scales = np.hypot(directions[0], directions[1])
        if not scales.all():
            return cls()
        (a, b), (c, d) = directions / scales
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(False, bool(a < 0), bool(d < 0))
        return cls(True, bool(c < 0), bool(b < 0))

    def apply(self, image: ByteArray) -> ByteArray:
        """Return a picture (H, W, 3), uint8, upright and contiguous."""
        if self.is_transposed:
            image = image.transpose(1, 0, 2)
        step_y = -1 if self.is_flipped_y else 1
        step_x = -1 if self.is_flipped_x else 1
        return np.ascontiguousarray(image[::step_y, ::step_x], dtype=np.uint8)


class FrameOrientations:
    """The orientations of a stream's frames, in order of decoding."""

    def __init__(self) -> None:
        self._rotation: int | None = None
        self._last = Orientation()

    def of(self, frame: av.VideoFrame) -> Orientation:
        """Return how the next frame lies.

        The whole matrix is read when the turn in it has changed only: reading it ties
        the frame, with its memory, to an object that refers to it.
        """
        if frame.rotation != self._rotation:
            self._rotation = frame.rotation
            self._last = _orientation(frame)
        return self._last


def _orientation(frame: av.VideoFrame) -> Orientation:
    try:
        stored = frame.side_data[Type.DISPLAYMATRIX]
    except (KeyError, ValueError):  # there is none, or what PyAV has no name for
        return Orientation()
    return Orientation.of_matrix(np.frombuffer(stored, np.int32).reshape(3, 3))

"""Where frames come from: what files, pictures, streams and cameras have in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePath
from types import TracebackType
from typing import Self

from lanedet.arrays import ByteArray
from lanedet.video.sources.sound import Sound


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One frame of a source."""

    index: int
    """Position in the source, from 0, of the frames that can be decoded."""

    time: Fraction
    """Time since the source's first frame in seconds, exactly as the source has it."""

    image: ByteArray
    """(H, W, 3) uint8, RGB, turned upright."""

    name: str
    """What a benchmark would call it: the path of an image with ``/``, relative. Frames
    of one folder are a sequence; those of another have nothing to do with them."""

    @property
    def time_s(self) -> float:
        """The time as a number."""
        return float(self.time)


class VideoBreakError(ValueError):
    """A source that ends before its stated end, or has lost frames in the middle.

    Args:
        message: What happened and what to do.
        reason: Why, in words that fit behind a colon, for messages of one's own.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Source(ABC):
    """Something that frames come from, once, in order.

    Use it as a context manager.

    Attributes:
        name: What to call it.
        frame_rate: Frames per second; where they come unevenly, on average.
        time_base: What the frames' times are multiples of, in seconds.
        sample_aspect_ratio: Width to height of a pixel as it is to be shown.
        files: The files that it reads; none for cameras and streams.
        sequences: The folders that its frames' names lie in, one for each sequence.
        is_live: Whether it goes on without waiting for its reader.
        sound: The sound beside the frames; None where there is none.
        num_undecodable: Frames lost so far because they could not be decoded.
        num_reconnects: How often a live source was connected again so far.
    """

    name: str
    frame_rate: Fraction
    time_base: Fraction
    sample_aspect_ratio = Fraction(1)
    files: tuple[Path, ...] = ()
    sequences: tuple[str, ...] = ()
    is_live = False
    sound: Sound | None = None
    num_undecodable = 0
    num_reconnects = 0

    @property
    @abstractmethod
    def expected_frames(self) -> int | None:
        """Number of frames, stated or estimated; None if it is not known."""

    @abstractmethod
    def __iter__(self) -> Iterator[VideoFrame]:
        """Yield the frames in order.

        Raises:
            VideoBreakError: After the last good frame, if the source breaks off there.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of what is open."""

    def skip_to(self, start_s: float) -> None:  # noqa: B027 - most cannot
        """Begin at or before a time, in seconds, if that spares work.

        Called before the first frame is read. Index and time of every frame stay what
        they are.
        """

    def stop(self) -> None:  # noqa: B027 - most end soon by themselves
        """Give up waiting for frames; another thread than the reading one may ask."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def sequence_of(name: str) -> str:
    """Return the folder that frames of a video are named in.

    Args:
        name: What the video is called.

    Example:
        >>> sequence_of("drives/monday.mp4"), sequence_of("rtsp://camera.local/")
        ('monday', 'camera')
    """
    return PurePath(name).stem or "video"


def counted(number: int, noun: str = "frame") -> str:
    """Return a number with its noun.

    Example:
        >>> counted(1), counted(2)
        ('1 frame', '2 frames')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

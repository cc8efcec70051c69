"""Frames out of a video file."""

from fractions import Fraction
from pathlib import Path

import av

from lanedet.video.container_reader import ContainerReader


class VideoReader(ContainerReader):
    """Iterate over the frames of a video file, once.

    See :class:`ContainerReader` for what happens where the file is broken.

    Args:
        path: The video file, in any format and codec that FFmpeg knows.
        with_sound: Whether ``sound`` is to be there, if the file has any.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no video, has no video stream, or not one of its
            frames can be decoded.
    """

    def __init__(self, path: Path | str, *, with_sound: bool = False) -> None:
        self.path = Path(path)
        self.files = (self.path,)
        super().__init__(_open_video(self.path), str(path), with_sound=with_sound)

    def skip_to(self, start_s: float) -> None:
        """Begin with the last key frame before a time, in seconds.

        The packets before it are counted, not decoded: that keeps the frames' numbers.
        Where the file has no time stamps, or its key frames cannot be found by them,
        nothing is skipped.
        """
        first = self._first
        if first.pts is None or start_s <= 0:
            return
        target = first.pts + int(Fraction(start_s) / self._stream.time_base)
        try:
            self._seek(target)
        except av.error.FFmpegError:  # a pipe, for one
            return
        index = None
        if self._first.pts is not None and first.pts <= self._first.pts <= target:
            index = self._count_packets(first.pts, self._first.pts)
        if index is None:
            self._seek(first.pts)
        self._first_index = index or 0

    def _seek(self, pts: int) -> None:
        self._container.seek(pts, stream=self._stream)
        if self.sound is not None:
            self.sound.clear()
        self._decoded = self._decode()
        self._first = self._first_frame()

    def _count_packets(self, begin: int, end: int) -> int | None:
        """Return how many frames have a time stamp from ``begin`` to before ``end``."""
        number = 0
        with _open_video(self.path) as container:
            for packet in container.demux(container.streams[self._stream.index]):
                if packet.pts is None:
                    return None if packet.size else number
                if packet.dts is not None and packet.dts >= end:
                    return number
                number += begin <= packet.pts < end and not packet.is_discard
        return number


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

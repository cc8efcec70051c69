"""Frames out of a video that a program hands over as an open file."""

from io import RawIOBase
from typing import BinaryIO

import av

from lanedet.video.sources.container import ContainerReader
from lanedet.video.sources.media_errors import MEDIA_ERRORS

_BUFFER_SIZE = 1 << 18  # bytes that FFmpeg asks for at once


class StoredReader(ContainerReader):
    """Iterate over the frames of a video in a file object, once, without a copy of it.

    For what no path names, such as an object in a store. See :class:`ContainerReader`
    for what happens where the video is broken; the structure of the container, which
    shows more, is looked at in files only.

    Args:
        file: Open for reading, at its beginning; it must be able to seek. It stays
            open.
        name: What to call it.
        decoder_threads: As in :class:`ContainerReader`.

    Raises:
        ValueError: If it is no video, has no video stream, or not one of its frames can
            be decoded.
        OSError: If the file cannot be read.
    """

    def __init__(
        self,
        file: BinaryIO | RawIOBase,
        name: str,
        *,
        decoder_threads: int | None = None,
    ) -> None:
        super().__init__(_opened(file, name), name, decoder_threads=decoder_threads)


def _opened(file: BinaryIO | RawIOBase, name: str) -> av.container.InputContainer:
    try:
        container = av.open(file, buffer_size=_BUFFER_SIZE, metadata_errors="replace")
    except MEDIA_ERRORS as error:
        raise ValueError(
            f"{name!r} is no video that FFmpeg can read, or damaged. Use a video file."
        ) from error
    if container.format.name == "tty":  # FFmpeg would show any text as a clip
        container.close()
        raise ValueError(f"{name!r} is a text file. Use a video file.")
    return container

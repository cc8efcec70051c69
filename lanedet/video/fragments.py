"""MP4 files that can be played while they grow, and what becomes of them.

A fragmented file has its index in pieces, one before each second of pictures and sound
(ISO/IEC 14496-12, 8.8): whatever ends the writing, all whole fragments can be played.
An ordinary file, with one index at its front, is read by more programs, tells its
length, and can be searched at once.
"""

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import av

from lanedet.video.media_errors import MEDIA_ERRORS

FRAGMENTED = {
    # The first index waits for the first fragment, as that tells where streams begin.
    "movflags": "+frag_keyframe+empty_moov+delay_moov+default_base_moof",
    "frag_duration": "1000000",  # microseconds
    "flush_packets": "1",  # to the disk, not only when 256 KiB have piled up
}
"""Options of FFmpeg's muxer for MP4 and MOV, to write a fragmented file."""

_INDEX_FIRST = {"movflags": "+faststart"}
_FRAGMENT, _CONTENT = b"moof", b"mdat"
_HEADER = 8  # bytes of a box: its length and its kind
_PIECE = 1 << 20  # bytes
_LONG_HEADER = 16  # likewise, where the length does not fit into 4 bytes


def write_ordinary(fragmented: Path, out: Path) -> int:
    """Copy a fragmented file to one with its index at the front.

    Returns:
        How many frames the copy has.

    Raises:
        OSError: If it cannot be written.
        av.error.FFmpegError: If there is nothing whole to copy.
    """
    with (
        av.open(f"file:{fragmented}") as source,
        av.open(f"file:{out}", "w", options=_INDEX_FIRST) as copy,
    ):
        streams, num_frames = {}, 0
        for stream in source.streams:
            streams[stream.index] = copy.add_stream_from_template(stream)
            streams[stream.index].time_base = stream.time_base
        for packet in source.demux():
            if packet.size:  # the last ones of the streams are empty
                num_frames += packet.stream.type == "video"
                packet.stream = streams[packet.stream.index]
                copy.mux(packet)
    return num_frames


def cut_to_fragments(path: Path) -> None:
    """Cut a fragmented file behind its last whole fragment."""
    with path.open("r+b") as file:
        # Each content follows its index.
        ends = [end for kind, end in _boxes(file) if kind == _CONTENT]
        file.truncate(ends[-1] if ends else 0)


def ends_in_fragment(path: Path) -> bool:
    """Return whether a fragmented file ends before its last fragment does.

    Of a file with one index, whose frames can be counted, nothing is said, and a cut
    just behind a fragment cannot be told from the end.
    """
    with path.open("rb") as file:
        kinds = [kind for kind, _ in _boxes(file)]
        if _FRAGMENT not in kinds:
            return False
        parts = [kind for kind in kinds if kind in (_FRAGMENT, _CONTENT)]
        return parts[-1] == _FRAGMENT or _has_rest(file)


def has_lost_fragments(path: Path) -> bool:
    """Return whether a fragmented file holds content without the index before it."""
    with path.open("rb") as file:
        kinds = [kind for kind, _ in _boxes(file) if kind in (_FRAGMENT, _CONTENT)]
    is_lost = [
        kind == _CONTENT and before != _FRAGMENT
        for before, kind in pairwise([b"", *kinds])
    ]
    return _FRAGMENT in kinds and any(is_lost[kinds.index(_FRAGMENT) :])


def count_frames(path: Path) -> int:
    """Return how many frames a video file holds; 0 if it cannot be read."""
    try:
        with av.open(f"file:{path}") as container:
            return sum(packet.size > 0 for packet in container.demux(video=0))
    except MEDIA_ERRORS:  # not even the beginning is there
        return 0


def _boxes(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield kind and end of the boxes, and stay at the end or where one is cut off."""
    size = file.seek(0, os.SEEK_END)
    position = 0
    while box := _box_at(file, position, size):
        yield box
        _, position = box
    file.seek(position)


def _has_rest(file: BinaryIO) -> bool:
    """Return whether more than zeros follow, which recorders set aside and fill."""
    rest = file.read(_PIECE)
    if 0 < len(rest) < _HEADER:  # too short to be anything
        return True
    while rest:
        if any(rest):
            return True
        rest = file.read(_PIECE)
    return False


def _box_at(file: BinaryIO, position: int, size: int) -> tuple[bytes, int] | None:
    """Return the kind and the end of the box at a position; None if it is not whole."""
    file.seek(position)
    header = file.read(_LONG_HEADER)
    length = int.from_bytes(header[:4], "big")
    if length == 1:
        length = int.from_bytes(header[_HEADER:], "big")
    if length < _HEADER or position + length > size:
        return None
    return header[4:_HEADER], position + length

"""Whether a fragmented MP4 or MOV file is whole (ISO/IEC 14496-12, 8.8)."""

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

_FRAGMENT, _CONTENT = b"moof", b"mdat"
_HEADER = 8  # bytes of a box: its length and its kind
_PIECE = 1 << 20  # bytes
_LONG_HEADER = 16  # likewise, where the length does not fit into 4 bytes


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


def end_of_fragments(path: Path) -> int:
    """Return where the last whole fragment ends, in bytes; 0 if there is none."""
    with path.open("rb") as file:
        # Each content follows its index.
        return max((end for kind, end in _boxes(file) if kind == _CONTENT), default=0)


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

"""Whether an animated GIF is whole, by its chain of blocks (GIF89a, 15 to 27)."""

import os
from pathlib import Path
from typing import BinaryIO

_EXTENSION, _IMAGE, _TRAILER, _NOTHING = 0x21, 0x2C, 0x3B, 0x00
_HEADER, _IMAGE_HEADER = 13, 9  # bytes, the latter without the one that says what it is


def is_gif_cut(path: Path) -> bool:
    """Return whether a GIF ends inside a block.

    A cut just behind a picture cannot be told from a file whose writer forgot the last
    byte, which ends it.
    """
    return _walk(path) is None


def is_gif_damaged(path: Path) -> bool:
    """Return whether a GIF has something else between its pictures than blocks."""
    return _walk(path) is False


def _walk(path: Path) -> bool | None:
    """Return whether all blocks are there; None where the last one is cut off."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        header = file.read(_HEADER)
        if len(header) < _HEADER:
            return None
        _skip_colors(file, header[10])
        while file.tell() < size:
            kind = file.read(1)[0]
            if kind == _TRAILER:
                return True
            if kind == _NOTHING:  # as some writers put behind a block
                continue
            if kind not in (_EXTENSION, _IMAGE):
                return False
            if kind == _EXTENSION:
                file.seek(1, os.SEEK_CUR)
            else:
                header = file.read(_IMAGE_HEADER)
                _skip_colors(file, header[-1] if header else 0)
                file.seek(1, os.SEEK_CUR)
            if not _skip_pieces(file, size):
                return None
    return True


def _skip_colors(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        file.seek(3 << (1 + (flags & 7)), os.SEEK_CUR)


def _skip_pieces(file: BinaryIO, size: int) -> bool:
    """Pass over a block's pieces, up to the empty one; return whether it is there."""
    while length := file.read(1):
        if not length[0]:
            return True
        if file.seek(length[0], os.SEEK_CUR) > size:
            return False
    return False

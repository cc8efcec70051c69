"""Whether an FLV file is whole, by its chain of tags.

Each tag says how long it is, before its content and behind it (Adobe Flash Video File
Format Specification 10.1, annex E).
"""

import os
from pathlib import Path

_TAG, _SIZE = 11, 4  # bytes of a tag's header, and of what says its length again
_KINDS = (8, 9, 18)  # sound, pictures, notes


def is_flv_cut(path: Path) -> bool:
    """Return whether an FLV file ends inside a tag."""
    _, is_cut = _walk(path)
    return is_cut


def is_flv_damaged(path: Path) -> bool:
    """Return whether the chain of tags in an FLV file is broken."""
    is_damaged, _ = _walk(path)
    return is_damaged


def _walk(path: Path) -> tuple[bool, bool]:
    """Return whether the chain is broken, and whether it ends inside a tag."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(5)
        place = int.from_bytes(file.read(4), "big") + _SIZE
        while place < size:
            file.seek(place)
            header = file.read(_TAG)
            if header[0] not in _KINDS:
                return True, False
            length = _TAG + int.from_bytes(header[1:4], "big")
            end = place + length + _SIZE
            if len(header) < _TAG or end > size:
                return False, True
            file.seek(place + length)
            if int.from_bytes(file.read(_SIZE), "big") != length:
                return True, False
            place = end
    return False, False

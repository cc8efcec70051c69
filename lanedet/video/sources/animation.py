"""Image files that hold a clip: which of them do, by their first bytes."""

from pathlib import Path

_HEAD = 1 << 16  # bytes in which the header of a picture ends
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNK = 12  # bytes beside the content: its length, its kind, a checksum


def is_animated_png(path: Path) -> bool:
    """Return whether a file is a PNG with frames (APNG), which FFmpeg reads.

    Format: https://www.w3.org/TR/png-3/ (chunk ``acTL``, before the first ``IDAT``)
    """
    head = _head(path)
    if not head.startswith(_PNG):
        return False
    place = len(_PNG)
    while place + 8 <= len(head):
        kind = head[place + 4 : place + 8]
        if kind in (b"acTL", b"IDAT"):
            return kind == b"acTL"
        place += _PNG_CHUNK + int.from_bytes(head[place : place + 4], "big")
    return False


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)

"""Whether clusters of a Matroska or WebM file are lost."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

# Elements of Matroska and WebM (RFC 9559), by their identifiers.
_EBML, _SEGMENT, _CLUSTER, _TRACKS = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1654AE6B
_TRACK_ENTRY, _TRACK_NUMBER, _SIMPLE_BLOCK, _BLOCK_GROUP = 0xAE, 0xD7, 0xA3, 0xA0
_BLOCK, _ENCRYPTED_BLOCK = 0xA1, 0xAF
_EVERYWHERE = {0xEC, 0xBF}  # space that is free, checksums
_IN_SEGMENT = _EVERYWHERE | {
    *(_CLUSTER, _TRACKS, 0x114D9B74, 0x1549A966),
    *(0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367),
}
_IN_CLUSTER = _EVERYWHERE | {
    *(0xE7, 0x5854, 0xA7, 0xAB, _SIMPLE_BLOCK, _BLOCK_GROUP, _ENCRYPTED_BLOCK),
}
_IN_BLOCK_GROUP = _EVERYWHERE | {
    *(_BLOCK, 0xA2, 0x75A1, 0x9B, 0xFA, 0xFB, 0xFD, 0xA4, 0x75A2, 0x8E, 0xC8),
}


class _Element(NamedTuple):
    """An element of EBML (RFC 8794)."""

    identifier: int
    begin: int
    """Where its content begins."""
    end: int | None
    """Where the next element begins; None if it does not say."""


class _DamageError(Exception):
    """An element is not where it should be."""


def is_matroska_damaged(path: Path) -> bool:
    """Return whether clusters of a Matroska or WebM file, or what is in them, are lost.

    What has no pictures or sound in it, such as an index, may be damaged.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        try:
            _walk_matroska(file, size)
        except _DamageError:
            return True
    return False


def _walk_matroska(file: BinaryIO, size: int) -> None:
    """Raise _DamageError where an element is lost."""
    tracks: set[int] = set()
    for top in _elements(file, 0, size, {_EBML, _SEGMENT, *_EVERYWHERE}):
        if top.identifier != _SEGMENT:
            continue
        end = size if top.end is None else top.end
        if end > size:
            raise _DamageError
        place = top.begin
        while place < end:
            element = _element(file, place, _IN_SEGMENT)
            place = _after(file, element, end, tracks)
        return


def _after(file: BinaryIO, element: _Element, end: int, tracks: set[int]) -> int:
    """Look into an element of a segment, and return where the next one begins."""
    if element.identifier == _TRACKS and element.end is not None:
        tracks.update(_track_numbers(file, element.begin, element.end))
    if element.identifier == _CLUSTER:
        return _walk_cluster(file, element, end, tracks)
    if element.end is None or element.end > end:
        raise _DamageError
    return element.end


def _walk_cluster(file: BinaryIO, cluster: _Element, end: int, tracks: set[int]) -> int:
    """Look at the blocks of a cluster, and return where it ends."""
    stop = end if cluster.end is None else cluster.end
    place = cluster.begin
    while place < stop:
        try:
            element = _element(file, place, _IN_CLUSTER)
        except _DamageError:
            if cluster.end is None:  # it ends where something else begins
                return place
            raise
        if element.end is None or element.end > stop:
            raise _DamageError
        if element.identifier == _BLOCK_GROUP:
            for part in _elements(file, element.begin, element.end, _IN_BLOCK_GROUP):
                _check_block(file, part, tracks)
        _check_block(file, element, tracks)
        place = element.end
    return place


def _check_block(file: BinaryIO, element: _Element, tracks: set[int]) -> None:
    if element.identifier in (_SIMPLE_BLOCK, _BLOCK) and tracks:
        file.seek(element.begin)
        number, _ = _number(file, keeps_marker=False)
        if number not in tracks:
            raise _DamageError


def _track_numbers(file: BinaryIO, begin: int, end: int) -> Iterator[int]:
    for entry in _elements(file, begin, end, {_TRACK_ENTRY, *_EVERYWHERE}):
        if entry.identifier != _TRACK_ENTRY:
            continue
        place, stop = entry.begin, entry.end or end
        while place < stop:
            part = _element(file, place, None)
            if part.end is None:
                raise _DamageError
            if part.identifier == _TRACK_NUMBER:
                file.seek(part.begin)
                yield int.from_bytes(file.read(part.end - part.begin), "big")
            place = part.end


def _elements(
    file: BinaryIO, begin: int, end: int, allowed: set[int]
) -> Iterator[_Element]:
    """Yield the elements between two places, the last of which may have no end."""
    place = begin
    while place < end:
        element = _element(file, place, allowed)
        yield element
        if element.end is None:
            return
        place = element.end


def _element(file: BinaryIO, place: int, allowed: set[int] | None) -> _Element:
    file.seek(place)
    identifier, _ = _number(file, keeps_marker=True)
    length, is_known = _number(file, keeps_marker=False)
    if allowed is not None and identifier not in allowed:
        raise _DamageError
    begin = file.tell()
    return _Element(identifier, begin, begin + length if is_known else None)


def _number(file: BinaryIO, *, keeps_marker: bool) -> tuple[int, bool]:
    """Read a number of variable length; return it and whether it stands for itself."""
    first = file.read(1)
    if not first or not first[0]:
        raise _DamageError
    length = 9 - first[0].bit_length()
    rest = file.read(length - 1)
    if len(rest) < length - 1:
        raise _DamageError
    number = int.from_bytes(first + rest, "big")
    bits = 7 * length
    value = number & ((1 << bits) - 1)
    return (number if keeps_marker else value), value != (1 << bits) - 1

"""Whether an ASF file, such as a WMV, is whole.

Its header states how long it is. Its packets all have one size, and the pieces of
pictures and sound in them are numbered and say how large the whole is that they are
pieces of (Advanced Systems Format Specification, revision 01.20.06, 3.2 and 5.2).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

_HEADER_ID = bytes.fromhex("3026B2758E66CF11A6D900AA0062CE6C")
_PROPERTIES_ID = bytes.fromhex("A1DCAB8C47A9CF118EE400C00C205365")
_DATA_ID = bytes.fromhex("3626B2758E66CF11A6D900AA0062CE6C")
_HEADER, _OBJECT, _PROPERTIES, _DATA = 30, 24, 104, 50  # bytes
_LONGEST_HEADER = 1 << 24  # bytes; with pictures of an album in it
_IS_BROADCAST = 1  # a flag: what is stated was not known when it was written
_WIDTHS = (0, 1, 2, 4)  # of a number, in bytes, by the two bits that tell it


class _DamageError(Exception):
    """A packet or a piece in it is not as it should be."""


@dataclass(frozen=True)
class _Layout:
    """What the header says."""

    stated_size: int | None
    """Size of the file in bytes; None where it was not known."""
    begin: int
    """Where the packets begin."""
    end: int
    """Where they end, or the file does."""
    packet_size: int
    """Size of a packet in bytes."""


class _Piece(NamedTuple):
    """A piece of a picture or of sound."""

    stream: int
    number: int
    num_numbers: int
    """Where its numbers begin again."""
    offset: int
    length: int
    whole: int | None
    """Bytes of all pieces with its number; None where each is a whole of its own."""


def is_asf_cut(path: Path) -> bool:
    """Return whether an ASF file is shorter than it states, or ends in a packet.

    Where the size was not known when the header was written, as of a stream, only the
    latter can be seen. A header that states nothing though it should was never
    finished: the recording was cut off.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        layout = _layout(file, size)
    if layout is None:
        return False
    if layout.stated_size is not None:
        return layout.stated_size == 0 or size < layout.stated_size
    return (layout.end - layout.begin) % layout.packet_size != 0


def is_asf_damaged(path: Path) -> bool:
    """Return whether packets of an ASF file are lost, or pieces of what is in them."""
    with path.open("rb") as file:
        layout = _layout(file, file.seek(0, os.SEEK_END))
        if layout is None:
            return False
        try:
            _check_pieces(_pieces(file, layout))
        except (_DamageError, IndexError):  # the latter: beyond the end of a packet
            return True
    return False


def _layout(file: BinaryIO, size: int) -> _Layout | None:
    """Return what the header says; None if it is none that can be understood."""
    file.seek(0)
    start = file.read(_HEADER)
    header_size = int.from_bytes(start[16:24], "little")
    if start[:16] != _HEADER_ID or not _HEADER <= header_size <= _LONGEST_HEADER:
        return None
    header = file.read(header_size - _HEADER)
    place = header.find(_PROPERTIES_ID)
    stated = header[place : place + _PROPERTIES]
    data = file.read(_DATA)
    if place < 0 or len(stated) < _PROPERTIES:
        return None
    if len(data) < _DATA or data[:16] != _DATA_ID:
        return None
    is_broadcast = _number(stated, 88, 4) & _IS_BROADCAST
    packet_size = _number(stated, 92, 4)
    if not packet_size or packet_size != _number(stated, 96, 4):
        return None
    begin = header_size + _DATA
    num_packets = _number(data, 40, 8)
    end = begin + num_packets * packet_size if num_packets else size
    return _Layout(
        None if is_broadcast else _number(stated, 40, 8),
        begin,
        min(end, size),
        packet_size,
    )


def _pieces(file: BinaryIO, layout: _Layout) -> Iterator[_Piece]:
    """Yield the pieces of all whole packets, in order."""
    num_packets = (layout.end - layout.begin) // layout.packet_size
    file.seek(layout.begin)
    for _ in range(num_packets):
        yield from _Packet(file.read(layout.packet_size)).pieces()


class _Packet:
    """One packet, read from its beginning to its end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def pieces(self) -> Iterator[_Piece]:
        """Yield what is in it.

        Raises:
            _DamageError: If that cannot be.
            IndexError: If it goes beyond the end.
        """
        flags = self._take(1)
        if flags & 0x80:  # words that correct errors, of which nobody makes use
            self._place += flags & 0x0F
            flags = self._take(1)
        properties = self._take(1)
        stated = self._take(_width(flags, 5))
        self._take(_width(flags, 1))
        padding = self._take(_width(flags, 3))
        self._place += 6  # when it is sent
        end = min(stated or len(self._data), len(self._data)) - padding
        if not flags & 1:
            yield from self._piece(properties, end, 0)
            return
        count = self._take(1)
        for _ in range(count & 0x3F):
            yield from self._piece(properties, end, _width(count, 6))

    def _piece(self, properties: int, end: int, length_width: int) -> Iterator[_Piece]:
        stream = self._take(1) & 0x7F
        number_width = _width(properties, 4)
        number = self._take(number_width)
        offset = self._take(_width(properties, 2))
        notes = self._take(_width(properties, 0))
        whole: int | None = None
        if notes == 1:  # several small ones, each a whole: the offset is a time
            self._place += 1
        elif notes >= 8:
            whole = _number(self._data, self._place, 4)
            self._place += notes
        length = self._take(length_width) if length_width else end - self._place
        self._place += length
        if not stream or length <= 0 or self._place > end:
            raise _DamageError
        yield _Piece(stream, number, 1 << 8 * number_width, offset, length, whole)

    def _take(self, width: int) -> int:
        number = _number(self._data, self._place, width)
        self._place += width
        return number


def _check_pieces(pieces: Iterator[_Piece]) -> None:
    """Raise _DamageError where a piece does not continue the one before."""
    last: dict[int, _Piece] = {}
    for piece in pieces:
        before = last.get(piece.stream)
        last[piece.stream] = piece
        if piece.whole is None:
            continue
        is_first = before is None or before.whole is None or _is_last(before)
        if is_first and piece.offset:
            raise _DamageError
        if before is None or before.whole is None:
            continue
        number = (before.number + is_first) % piece.num_numbers
        reached = 0 if is_first else before.offset + before.length
        if (piece.number, piece.offset) != (number, reached):
            raise _DamageError
    if not all(piece.whole is None or _is_last(piece) for piece in last.values()):
        raise _DamageError


def _is_last(piece: _Piece) -> bool:
    return piece.whole is not None and piece.offset + piece.length >= piece.whole


def _width(flags: int, shift: int) -> int:
    return _WIDTHS[flags >> shift & 3]


def _number(data: bytes, place: int, width: int) -> int:
    if place + width > len(data):
        raise IndexError
    return int.from_bytes(data[place : place + width], "little")

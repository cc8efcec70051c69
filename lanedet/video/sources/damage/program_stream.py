"""Whether an MPEG program stream (.mpg, .vob) is whole, by its chain of packets.

Each packet says how long it is (ISO/IEC 13818-1, 2.5.3). How many there are is stated
nowhere, and the code that ends the stream is left out by many writers. But each row of
a picture of MPEG-2 has a code before it (ISO/IEC 13818-2, 6.1.2.2).
"""

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

_START = b"\0\0\1"
_PACK, _END = 0xBA, 0xB9
_FIRST_PACKET, _VIDEO = 0xBB, range(0xE0, 0xF0)
_PIECE = 1 << 16  # bytes
_FILLING = 32  # likewise, at most; Video CDs have 20 behind each packet of sound
_LONGEST_PICTURE = 1 << 21  # bytes; MPEG-2's highest level allows 1.2 million
_CODES = re.compile(rb"\x00\x00\x01(.)", re.DOTALL)
_CODE, _HEAD = 4, 4  # bytes: of a code, and those that are read behind it
_SEQUENCE, _PICTURE, _EXTENSION = 0xB3, 0x00, 0xB5
_BROKEN_LINK = 0x20  # of a group: what its first pictures refer to was cut off
_GROUP, _SEQUENCE_END = 0xB8, 0xB7
_BETWEEN_PICTURES = (_SEQUENCE, _SEQUENCE_END, _GROUP)
_LAST_SLICE = 0xAF
_OF_PICTURE = 8  # which extension
_WHOLE_PICTURE = 3  # and not one of its fields
_MAX_HEIGHT = 2800  # of larger pictures, slices are numbered in another way
_BLOCK = 16  # rows


class _Packet(NamedTuple):
    kind: int
    begin: int
    """Where its content begins, which for video is a header of its own."""
    end: int


class _LostError(Exception):
    """Something else is where a packet should be."""


class _CutError(Exception):
    """The file ends inside a packet."""


class _UnknownError(Exception):
    """The stream is no plain one: something is before it, or packets have no length."""


def is_program_stream_cut(path: Path) -> bool:
    """Return whether a program stream ends inside a packet or a picture.

    Of a cut between two pictures nothing can be known. Nor is anything said of streams
    that are broken before, or whose pictures are of another kind than MPEG-2's.
    """
    kind, videos = 0, deque[_Packet]()
    with path.open("rb") as file:
        try:
            for packet in _packets(file):
                kind = packet.kind
                if kind in _VIDEO:
                    videos.append(packet)
                    if videos[-1].end - videos[0].begin > _LONGEST_PICTURE:
                        videos.popleft()
        except _CutError:
            return True
        except (_LostError, _UnknownError):
            return False
        if kind == _END:
            return False
        *_, is_last_whole = True, *_are_pictures_whole(file, videos)
    return not is_last_whole


def is_program_stream_damaged(path: Path) -> bool:
    """Return whether packets of a program stream are lost, or rows of its pictures."""
    with path.open("rb") as file:
        try:
            videos = (packet for packet in _packets(file) if packet.kind in _VIDEO)
            return not all(_are_pictures_whole(file, videos))
        except _LostError:
            return True
        except (_CutError, _UnknownError):
            return False


def _packets(file: BinaryIO) -> Iterator[_Packet]:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(4) != _START + bytes([_PACK]):
        raise _UnknownError
    place = 0
    while place < size:
        file.seek(place)
        header = file.read(14)
        if header[:3] != _START:
            place = _skip_zeros(file, place)
            continue
        if len(header) < 4:
            raise _CutError
        packet = _packet(header, place)
        if packet.end > size:
            raise _CutError
        yield packet
        place = packet.end


def _packet(header: bytes, place: int) -> _Packet:
    kind = header[3]
    if kind == _END:
        return _Packet(kind, place, place + 4)
    if kind == _PACK:
        if len(header) < 14:
            raise _CutError
        if header[4] >> 6 == 1:  # MPEG-2
            length = 14 + (header[13] & 7)
        elif header[4] >> 4 == 2:  # MPEG-1
            length = 12
        else:
            raise _LostError
        return _Packet(kind, place, place + length)
    if kind < _FIRST_PACKET:
        raise _LostError
    if len(header) < 6:
        raise _CutError
    length = int.from_bytes(header[4:6], "big")
    if not length:
        raise _UnknownError
    return _Packet(kind, place + 6, place + 6 + length)


def _skip_zeros(file: BinaryIO, place: int) -> int:
    """Pass over the few that fill sectors, or over room at the end that was set aside.

    Returns:
        Where the next packet, or nothing, is.
    """
    file.seek(place)
    filling = file.read(_FILLING + len(_START))
    start = filling.find(_START)
    if start >= 0 and not any(filling[:start]):
        return place + start
    while filling:
        if any(filling):
            raise _LostError
        place += len(filling)
        filling = file.read(_PIECE)
    return place


class _Pictures:
    """Which pictures of MPEG-2 there are, and which of their rows.

    The pictures of a group are numbered from 0, in the order in which they are shown.

    Args:
        height: Height of the pictures, in pixels.
    """

    def __init__(self, height: int) -> None:
        self._height = height
        self._rest = b""
        self._rows: set[int] | None = None  # of a picture; None outside of one
        self._num_rows = 0  # it should have; 0 where that is not known
        self._group: set[int] | None = None  # its pictures; None before the first one
        self._may_begin_late = True  # the group

    def feed(self, content: bytes) -> Iterator[bool]:
        """Take the next piece; yield whether what ends in it is whole.

        These are pictures, and groups of them. Of the last picture, which nothing ends,
        :meth:`is_whole` says it.
        """
        data = self._rest + content
        # A code, and what is read behind it, may be in two pieces.
        known = max(len(data) - _CODE - _HEAD, 0)
        for match in _CODES.finditer(data, 0, known + _CODE - 1):
            code = match[1][0]
            if _PICTURE < code <= _LAST_SLICE:
                if self._rows is not None:
                    self._rows.add(code)
            elif code == _EXTENSION:
                self._take_extension(data[match.end() : match.end() + _HEAD])
            elif code in (_PICTURE, *_BETWEEN_PICTURES):
                if self._rows is not None:
                    yield self.is_whole()
                self._rows, self._num_rows = None, 0
            if code == _PICTURE:
                self._begin_picture(data[match.end() : match.end() + _HEAD])
            elif code == _GROUP:
                yield self._is_group_whole()
                is_first = self._group is None
                flags = data[match.end() + 3]
                self._may_begin_late = is_first or flags & _BROKEN_LINK != 0
                self._group = set()
        self._rest = data[known:]

    def is_whole(self) -> bool:
        """Return whether there is every row of the picture that was begun last."""
        return self._rows is None or self._rows >= set(range(1, self._num_rows + 1))

    def _is_group_whole(self) -> bool:
        if not self._group:
            return True
        first = min(self._group) if self._may_begin_late else 0
        return self._group == set(range(first, first + len(self._group)))

    def _begin_picture(self, head: bytes) -> None:
        self._rows = set()
        if self._group is not None:
            self._group.add(int.from_bytes(head[:2], "big") >> 6)

    def _take_extension(self, extension: bytes) -> None:
        if self._rows is not None and extension[0] >> 4 == _OF_PICTURE:
            is_field = extension[2] & 3 != _WHOLE_PICTURE  # every other row
            self._num_rows = -(-self._height // (_BLOCK << is_field))


def _are_pictures_whole(file: BinaryIO, packets: Iterable[_Packet]) -> Iterator[bool]:
    """Yield of each picture whether it is whole; nothing if they are not MPEG-2's."""
    height = _height(file)
    if height is None:
        return
    pictures = _Pictures(height)
    kind = 0
    for packet in packets:
        kind = kind or packet.kind
        if packet.kind == kind:
            yield from pictures.feed(_content(file, packet))
    yield from pictures.feed(b"\xff" * (_CODE + _HEAD))
    yield pictures.is_whole()


def _height(file: BinaryIO) -> int | None:
    """Return the height of pictures of MPEG-1 or 2 in pixels; None if not known."""
    file.seek(0)
    head = file.read(_LONGEST_PICTURE)
    place = head.find(_START + bytes([_SEQUENCE]))
    if place < 0 or place + 7 > len(head):
        return None
    height = int.from_bytes(head[place + 5 : place + 7], "big") & 0x0FFF
    return height if 0 < height <= _MAX_HEIGHT else None


def _content(file: BinaryIO, packet: _Packet) -> bytes:
    """Return the piece of pictures in a packet, without the header before it."""
    file.seek(packet.begin)
    data = file.read(packet.end - packet.begin)
    if data[:1] and data[0] >> 6 == 2:  # MPEG-2
        return data[3 + data[2] :] if len(data) > 2 else b""
    place = 0  # MPEG-1: stuffing, the size of a buffer, time stamps
    while data[place : place + 1] == b"\xff":
        place += 1
    if data[place : place + 1] and data[place] >> 6 == 1:
        place += 2
    stamps = data[place] >> 4 if place < len(data) else 0
    return data[place + {2: 5, 3: 10}.get(stamps, 1) :]

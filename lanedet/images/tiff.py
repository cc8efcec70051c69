"""TIFF and BigTIFF files.

TIFF 6.0 (Adobe, 1992), sections 2, 8 and 15; https://bigtiff.org.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lanedet.images.header import (
    MAX_PIXELS,
    ImageHeader,
    dense_limit,
    number,
    unreadable,
)

STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_SUBFILE, _WIDTH, _HEIGHT, _DEPTH, _COMPRESSION = 254, 256, 257, 258, 259
_CHANNELS, _TILE_WIDTH, _TILE_HEIGHT = 277, 322, 323
_WANTED = (
    *(_SUBFILE, _WIDTH, _HEIGHT, _DEPTH, _COMPRESSION),
    *(_CHANNELS, _TILE_WIDTH, _TILE_HEIGHT),
)
_SIZES = {1: 1, 3: 2, 4: 4, 16: 8}  # bytes of the types of unsigned integers
_NONE, _LZW, _DEFLATE, _OLD_DEFLATE, _PACKBITS = 1, 5, 8, 32946, 32773
# Most bytes that one byte of each compression stands for.
_EXPANSION = {_NONE: 1, _LZW: 4096, _DEFLATE: 1032, _OLD_DEFLATE: 1032, _PACKBITS: 64}
_NO_PAGE = 0b101  # a smaller version of another page, or a mask of it
_MAX_PAGES = 1000

_Tags = Mapping[int, int]


class _Layout(NamedTuple):
    """How numbers are stored."""

    order: str
    entry: int
    """Bytes of an entry of a directory."""

    offset: int
    """Bytes of a position in the file."""

    counter: int
    """Bytes of the number of entries."""


def read_tiff_header(data: bytes) -> ImageHeader:
    """Return what a TIFF file tells of its first page.

    Raises:
        ImageError: If the page has no size, or the file ends before it is stated.
    """
    order = "little" if data.startswith(b"II") else "big"
    is_big = number(data, 2, 2, order) == 43
    layout = _Layout(order, 20, 8, 8) if is_big else _Layout(order, 12, 4, 2)
    pages = _pages(data, layout)
    first = next(pages, {})
    if _WIDTH not in first or _HEIGHT not in first:
        raise unreadable()
    width, height = first[_WIDTH], first[_HEIGHT]
    tile = first.get(_TILE_WIDTH, 0) * first.get(_TILE_HEIGHT, 0)
    if tile > width * height:  # a tile is decoded as a whole
        width, height = first[_TILE_WIDTH], first[_TILE_HEIGHT]
    expansion = _EXPANSION.get(first.get(_COMPRESSION, _NONE))
    num_channels = first.get(_CHANNELS, 1)
    # Other colors than the first may be stored at less resolution.
    num_bytes = width * height * first.get(_DEPTH, 1) // 8
    is_dense = expansion is None or num_channels > 4
    return ImageHeader(
        height,
        width,
        least_bytes=num_bytes // expansion if expansion and not tile else 0,
        max_pixels=dense_limit(num_channels) if is_dense else MAX_PIXELS,
        is_series=any(not page.get(_SUBFILE, 0) & _NO_PAGE for page in pages),
    )


def _pages(data: bytes, layout: _Layout) -> Iterator[_Tags]:
    """Yield the whole numbers of each directory by tag, of several the first.

    A tag that stands twice has the larger.
    """
    position = number(data, layout.offset, layout.offset, layout.order)
    for _ in range(_MAX_PAGES):
        num_entries = number(data, position, layout.counter, layout.order)
        position += layout.counter
        tags: dict[int, int] = {}
        behind = position + num_entries * layout.entry
        for place in range(position, min(behind, len(data)), layout.entry):
            tag = number(data, place, 2, layout.order)
            if tag in _WANTED:
                tags[tag] = max(tags.get(tag, 0), _value(data, place, layout))
        yield tags
        if behind + layout.offset > len(data):
            return  # of the next page nothing is wanted
        position = number(data, behind, layout.offset, layout.order)
        if position == 0:
            return


def _value(data: bytes, place: int, layout: _Layout) -> int:
    """Return the first value of an entry; what is no whole number counts as none."""
    size = _SIZES.get(number(data, place + 2, 2, layout.order))
    if size is None:
        return 0
    count = number(data, place + 4, layout.offset, layout.order)
    value = place + 4 + layout.offset
    if count * size > layout.offset:
        value = number(data, value, layout.offset, layout.order)
    return number(data, value, size, layout.order)

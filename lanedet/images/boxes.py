"""Image files that are trees of boxes: AVIF and JPEG 2000; and WebP, made of chunks.

ISO/IEC 14496-12 and 23008-12, ISO/IEC 15444-1 annexes A and I, RFC 9649.
"""

from collections.abc import Iterator

from lanedet.images.header import (
    MAX_DENSE_PIXELS,
    ImageHeader,
    dense_limit,
    number,
    unreadable,
)

JP2_START = b"\0\0\0\x0cjP  \r\n\x87\n"
CODESTREAM_START = b"\xff\x4f\xff\x51"
_PARENTS = (b"meta", b"iprp", b"ipco", b"moov", b"trak", b"mdia", b"minf", b"stbl")
_MAX_DEPTH = 8  # of moov/trak/mdia/minf/stbl, with room


def read_webp_header(data: bytes) -> ImageHeader:
    """Return what a WebP file tells of its canvas.

    Raises:
        ImageError: If it holds no image.
    """
    shapes = []
    num_frames = 0
    position = 12
    while position + 8 <= len(data):
        kind = data[position : position + 4]
        start = position + 8
        if kind == b"VP8X":
            shapes.append(_sides(data, start + 4, size=3, plus=1))
        elif kind == b"VP8 ":
            width, height = _sides(data, start + 6, size=2, plus=0)
            shapes.append((width & 0x3FFF, height & 0x3FFF))
        elif kind == b"VP8L":
            bits = number(data, start + 1, 4, "little")
            shapes.append(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        elif kind == b"ANMF":
            num_frames += 1
            shapes.append(_sides(data, start + 6, size=3, plus=1))
        length = number(data, position + 4, 4, "little")
        position = start + length + length % 2
    return _largest(shapes, is_series=num_frames > 1)


def _sides(data: bytes, position: int, size: int, plus: int) -> tuple[int, int]:
    return (
        number(data, position, size, "little") + plus,
        number(data, position + size, size, "little") + plus,
    )


def read_avif_header(data: bytes) -> ImageHeader:
    """Return the largest size that an AVIF file tells of an image or a track in it.

    Raises:
        ImageError: If it tells none.
    """
    shapes, num_samples = [], 0
    for kind, start, end in _tree(data, 0, len(data)):
        if kind == b"ispe":  # version and flags, width, height
            shapes.append((number(data, start + 4, 4), number(data, start + 8, 4)))
        elif kind == b"tkhd" and end - start >= 8:  # ends with both, in 1/65536
            shapes.append((number(data, end - 8, 4) >> 16, number(data, end - 4, 2)))
        elif kind == b"stsz":
            num_samples = max(num_samples, number(data, start + 8, 4))
    return _largest(shapes, is_series=data[8:12] == b"avis" and num_samples > 1)


def _tree(
    data: bytes, start: int, end: int, depth: int = 0
) -> Iterator[tuple[bytes, int, int]]:
    for kind, inner, behind in _boxes(data, start, end):
        yield kind, inner, behind
        if kind in _PARENTS and depth < _MAX_DEPTH:
            # Of these one alone begins with version and flags.
            first = inner + (4 if kind == b"meta" else 0)
            yield from _tree(data, first, behind, depth + 1)


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, begin and end of the content of each box between two positions."""
    while start + 8 <= end:
        length, kind = number(data, start, 4), data[start + 4 : start + 8]
        inner = start + 8
        if length == 1:
            length, inner = number(data, inner, 8), inner + 8
        behind = start + length if length else end
        if behind < inner:
            raise unreadable()
        yield kind, inner, min(behind, end)
        start = behind


def read_jpeg2000_header(data: bytes) -> ImageHeader:
    """Return what the code stream of a JPEG 2000 file tells of its image.

    Raises:
        ImageError: If it has none.
    """
    position = 0
    if not data.startswith(CODESTREAM_START):
        boxes = _boxes(data, 0, len(data))
        position = next((inner for kind, inner, _ in boxes if kind == b"jp2c"), -1)
    if position < 0 or data[position : position + 4] != CODESTREAM_START:
        raise unreadable()
    right, bottom, left, top = (number(data, position + 8 + 4 * i, 4) for i in range(4))
    components = number(data, position + 40, 2)
    width, height = max(0, right - left), max(0, bottom - top)
    return ImageHeader(height, width, max_pixels=dense_limit(components))


def _largest(shapes: list[tuple[int, int]], is_series: bool) -> ImageHeader:
    """Return the header of the largest (W, H)."""
    if not shapes:
        raise unreadable()
    width, height = max(shapes, key=lambda shape: shape[0] * shape[1])
    return ImageHeader(height, width, max_pixels=MAX_DENSE_PIXELS, is_series=is_series)

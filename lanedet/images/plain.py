"""Image files whose headers are a few numbers or words.

BMP, GIF, Sun raster; PBM, PGM, PPM, PAM, PFM (https://netpbm.sourceforge.net/doc) and
Radiance HDR.
"""

import re

from lanedet.images.header import (
    MAX_DENSE_PIXELS,
    ImageHeader,
    cut_off,
    dense_limit,
    number,
    unreadable,
)

SUN_START = b"\x59\xa6\x6a\x95"
_UNCOMPRESSED = (0, 3)  # of BMP: RGB, and RGB by bit masks
_OLD_BMP_HEADER = 12
_LZW_EXPANSION = 4096  # most pixels of one byte of GIF
_SPACE = rb"(?:\s|#[^\n\r]*[\n\r])+"
_PNM = re.compile(rb"P([1-6])" + _SPACE + rb"(\d+)" + _SPACE + rb"(\d+)")
_PFM = re.compile(rb"P([fF])\s+(\d+)\s+(\d+)")
_PAM_FIELD = re.compile(rb"(WIDTH|HEIGHT|DEPTH)\s+(\d+)")
_HDR_SIZE = re.compile(rb"-Y\s+(\d+)\s+\+X\s+(\d+)")
_MOST_DIGITS = 12


def read_bmp_header(data: bytes) -> ImageHeader:
    """Return what a BMP file tells of its image.

    Raises:
        ImageError: If the file ends before it.
    """
    if number(data, 14, 4, "little") == _OLD_BMP_HEADER:
        width, height, depth = (number(data, 18 + i, 2, "little") for i in (0, 2, 6))
        is_dense = False
    else:
        width, height = (_signed(number(data, 18 + i, 4, "little")) for i in (0, 4))
        depth = number(data, 28, 2, "little")
        is_dense = number(data, 30, 4, "little") not in _UNCOMPRESSED
    if is_dense:
        return ImageHeader(height, width, max_pixels=MAX_DENSE_PIXELS)
    return ImageHeader(height, width, least_bytes=height * (width * depth // 8))


def _signed(value: int) -> int:
    """Return the size that 32 bits stand for: a negative height counts from the top."""
    return min(value, (1 << 32) - value)


def read_sun_header(data: bytes) -> ImageHeader:
    """Return what a Sun raster file tells of its image.

    Raises:
        ImageError: If the file ends before it.
    """
    return ImageHeader(
        height=number(data, 8, 4),
        width=number(data, 4, 4),
        max_pixels=MAX_DENSE_PIXELS,
    )


def read_gif_header(data: bytes) -> ImageHeader:
    """Return what a GIF file tells of its canvas.

    Raises:
        ImageError: If the file ends before it.
    """
    width, height = number(data, 6, 2, "little"), number(data, 8, 2, "little")
    return ImageHeader(
        height,
        width,
        least_bytes=height * width // _LZW_EXPANSION,
        max_pixels=MAX_DENSE_PIXELS,
        is_series=_has_frames(data),
    )


def _has_frames(data: bytes) -> bool:
    """Whether a GIF file has more than one frame."""
    num_frames = 0
    position = 13 + _palette_bytes(data, 10)
    while position + 10 < len(data) and num_frames < 2:
        if data[position] == 0x2C:  # an image: place, size, palette, code size
            num_frames += 1
            position += 11 + _palette_bytes(data, position + 9)
        elif data[position] == 0x21:  # an extension
            position += 2
        else:
            break
        while position < len(data) and data[position]:  # blocks, up to an empty one
            position += 1 + data[position]
        position += 1
    return num_frames > 1


def _palette_bytes(data: bytes, position: int) -> int:
    flags = number(data, position, 1)
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def read_pnm_header(data: bytes) -> ImageHeader:
    """Return what a PBM, PGM or PPM file tells of its image, as text or binary.

    Raises:
        ImageError: If it tells no size.
    """
    kind, width, height = _match(_PNM, data)
    if kind == b"4":
        least = _int(height) * (_int(width) // 8)
    else:  # even of text each number has a digit
        channels = 3 if kind in (b"3", b"6") else 1
        least = _int(height) * _int(width) * channels
    return ImageHeader(_int(height), _int(width), least_bytes=least)


def read_pfm_header(data: bytes) -> ImageHeader:
    """Return what a PFM file tells of its image.

    Raises:
        ImageError: If it tells no size.
    """
    kind, width, height = _match(_PFM, data)
    num_values = _int(height) * _int(width) * (3 if kind == b"F" else 1)
    return ImageHeader(
        _int(height),
        _int(width),
        least_bytes=4 * num_values,
        max_pixels=MAX_DENSE_PIXELS,
    )


def read_pam_header(data: bytes) -> ImageHeader:
    """Return what a PAM file tells of its image.

    Raises:
        ImageError: If it tells no size.
    """
    end = data.find(b"ENDHDR")
    if end < 0:
        raise cut_off(len(data))
    fields = {b"DEPTH": 1}
    for found in _PAM_FIELD.finditer(data, 0, end):
        fields[found[1]] = max(fields.get(found[1], 0), _int(found[2]))
    if b"WIDTH" not in fields or b"HEIGHT" not in fields:
        raise unreadable()
    height, width, channels = (fields[each] for each in (b"HEIGHT", b"WIDTH", b"DEPTH"))
    return ImageHeader(
        height,
        width,
        least_bytes=height * width * channels // 8,
        max_pixels=dense_limit(channels),
    )


def read_hdr_header(data: bytes) -> ImageHeader:
    """Return the largest size that a Radiance HDR file tells.

    Raises:
        ImageError: If it tells none.
    """
    sizes = [tuple(map(_int, found.groups())) for found in _HDR_SIZE.finditer(data)]
    if not sizes:
        raise unreadable()
    height, width = max(sizes, key=lambda size: size[0] * size[1])
    return ImageHeader(height, width, max_pixels=MAX_DENSE_PIXELS)


def _match(pattern: re.Pattern[bytes], data: bytes) -> tuple[bytes, ...]:
    found = pattern.match(data)
    if found is None:
        raise unreadable()
    return found.groups()


def _int(digits: bytes) -> int:
    """Return a number, without the time that one of a million digits takes."""
    return int(digits.lstrip(b"0")[:_MOST_DIGITS] or b"0")

"""Which format an image file has, by its first bytes, and what its header tells."""

from collections.abc import Callable

from lanedet.images import boxes, jpeg, plain, png, tiff
from lanedet.images.header import ImageHeader, cut_off, too_large, unreadable

START_BYTES = 16
"""How many bytes of a file tell its format."""

_HeaderReader = Callable[[bytes], ImageHeader]

# As OpenCV tells them apart.
_READERS: tuple[tuple[tuple[bytes, ...], _HeaderReader], ...] = (
    ((jpeg.START,), jpeg.read_jpeg_header),
    ((png.START,), png.read_png_header),
    ((b"BM",), plain.read_bmp_header),
    ((b"GIF87a", b"GIF89a"), plain.read_gif_header),
    (tiff.STARTS, tiff.read_tiff_header),
    (tuple(b"P%d" % kind for kind in range(1, 7)), plain.read_pnm_header),
    ((b"P7",), plain.read_pam_header),
    ((b"PF", b"Pf"), plain.read_pfm_header),
    ((b"#?RADIANCE", b"#?RGBE"), plain.read_hdr_header),
    ((plain.SUN_START,), plain.read_sun_header),
    ((boxes.JP2_START, boxes.CODESTREAM_START), boxes.read_jpeg2000_header),
)


def check_header(data: bytes) -> ImageHeader:
    """Return what the header of an image file tells, if it may be decoded.

    Args:
        data: The whole file.

    Raises:
        ImageError: If it is of no known format, is cut off, has more pixels than are
            read or more than so few bytes can hold.
    """
    header = _reader(data[:START_BYTES])(data)
    size = f"{header.width}x{header.height} pixels"
    if header.height * header.width > header.max_pixels:
        raise too_large(header, header.max_pixels)
    if header.least_bytes > len(data):
        raise cut_off(len(data), f"cannot hold the {size} of which its header tells")
    return header


def check_start(start: bytes) -> None:
    """Raise ImageError if the first ``START_BYTES`` of a file are those of no image."""
    _reader(start)


def _reader(start: bytes) -> _HeaderReader:
    # First, and last of OpenCV's own: it takes any box in front.
    if start[4:8] == b"ftyp":
        return boxes.read_avif_header
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return boxes.read_webp_header
    for starts, reader in _READERS:
        if start.startswith(starts):
            return reader
    raise unreadable()

"""Image files to arrays.

A decoder that meets the end of a JPEG or PNG file too early fills the rest of the
picture with grey or black and says nothing. Files are therefore checked for their end
before they are decoded, which costs microseconds.
"""

from pathlib import Path

import cv2
import numpy as np

from lanedet.arrays import ByteArray

_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND"
_START_OF_SCAN = 0xDA
_NO_FRAME = (0xC4, 0xC8, 0xCC)  # tables, among the markers C0 to CF of frames
_REDUCED_FLAGS = {
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


class ImageError(ValueError):
    """A file is no whole image; the message names it."""


_UNREADABLE = "cannot be read as an image. Fetch it again, or leave it out."


def read_image(path: Path | str) -> ByteArray:
    """Return an image file as (H, W, 3) uint8, RGB, turned as its EXIF tag says.

    Args:
        path: The file, of any format that OpenCV reads.

    Raises:
        FileNotFoundError: If there is no such file.
        ImageError: If it is no image or is cut off.
    """
    return read_shrunk_image(path, 1)[0]


def read_shrunk_image(
    path: Path | str, shrink: int
) -> tuple[ByteArray, tuple[int, int]]:
    """Return an image file at a fraction of its size, and its whole size (H, W).

    Only JPEGs can be decoded to less, which is faster than decoding all and shrinking
    it, and only where their sides are multiples of ``shrink``, so that each pixel
    stands for a square of so many. All others come whole.

    Args:
        path: The file, of any format that OpenCV reads.
        shrink: 1, 2, 4 or 8.

    Raises:
        FileNotFoundError: If there is no such file.
        ImageError: If it is no image or is cut off.
        ValueError: If ``shrink`` is another number.
    """
    if shrink != 1 and shrink not in _REDUCED_FLAGS:
        raise ValueError(f"shrink must be 1, 2, 4 or 8, got {shrink!r}.")
    if not Path(path).is_file():
        raise FileNotFoundError(f"No image at {str(path)!r}.")
    data = Path(path).read_bytes()
    try:
        shape = _check_end(data)
        if shape is None or any(side % shrink for side in shape):
            shrink = 1
        image = _decode(data, shrink)
    except ImageError as error:
        raise ImageError(f"{str(path)!r} {error}") from None
    return image, (image.shape[0] * shrink, image.shape[1] * shrink)


def _decode(data: bytes, shrink: int) -> ByteArray:
    buffer = np.frombuffer(data, dtype=np.uint8)
    try:
        if shrink == 1:
            image = cv2.imdecode(buffer, cv2.IMREAD_COLOR_RGB)
        else:  # there is no such flag for RGB
            image = cv2.imdecode(buffer, _REDUCED_FLAGS[shrink])
            image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    except cv2.error:  # nothing to decode, or too many pixels
        image = None
    if image is None:
        raise ImageError(_UNREADABLE)
    return np.asarray(image, dtype=np.uint8)


def _check_end(data: bytes) -> tuple[int, int] | None:
    """Raise ImageError if a file is cut off; return the (H, W) of a JPEG."""
    if data.startswith(_JPEG_START):
        shape, scan = _jpeg_header(data)
        # A file that ends as it should need not be searched.
        if not data.endswith(_JPEG_END) and data.find(_JPEG_END, scan) < 0:
            raise ImageError(_cut_off(data))
        return shape
    if data.startswith(_PNG_START) and _PNG_END not in data[-64:]:
        raise ImageError(_cut_off(data))
    return None


def _cut_off(data: bytes) -> str:
    return (
        f"is cut off: {len(data)} bytes hold no end of the image. Fetch it again, or "
        "leave it out."
    )


def _jpeg_header(data: bytes) -> tuple[tuple[int, int], int]:
    """Return (H, W) as stored, and where the first scan starts.

    The segments before it are walked by their lengths: a preview picture inside one
    has an end of its own.

    Raises:
        ImageError: If the file ends before the first scan.
    """
    shape, position = (0, 0), 2
    while position + 9 < len(data):
        if data[position] != 0xFF:
            raise ImageError(_UNREADABLE)
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker == _START_OF_SCAN:
            return shape, position
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            shape = (
                int.from_bytes(data[position + 5 : position + 7], "big"),
                int.from_bytes(data[position + 7 : position + 9], "big"),
            )
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    raise ImageError(_cut_off(data))

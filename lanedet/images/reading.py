"""Image files to arrays.

A decoder that meets the end of a JPEG or PNG file too early may fill the rest of the
picture with grey or black and say nothing, and one that meets a header of 20000x20000
pixels takes gigabytes before it finds that there are none. The header and the end of a
file are therefore checked before it is decoded, which costs microseconds. What has no
header that is known here is not decoded at all.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import ByteArray
from lanedet.images.formats import START_BYTES, check_header, check_start
from lanedet.images.header import (
    MAX_PIXELS,
    ImageError,
    ImageHeader,
    too_large,
    unreadable,
)
from lanedet.images.jpeg import START as JPEG_START

_REDUCED_FLAGS = {
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
_MAX_FILE_BYTES = 1 << 30
_RGB_ORDER = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}


def read_image(path: Path | str) -> ByteArray:
    """Return an image file as (H, W, 3) uint8, RGB, turned as its EXIF tag says.

    Of an animation or of several pages it is the first, with a warning.

    Args:
        path: The file, of any format that OpenCV reads.

    Raises:
        FileNotFoundError: If there is no such file.
        ImageError: If it is no image, is cut off or has too many pixels: more than
            200 million, or 64 million in formats whose decoders take more for each.
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
        ImageError: As :func:`read_image`.
        ValueError: If ``shrink`` is another number.
    """
    if shrink != 1 and shrink not in _REDUCED_FLAGS:
        raise ValueError(f"shrink must be 1, 2, 4 or 8, got {shrink!r}.")
    with _named(path):
        data, header = _load(path)
        exact = not (header.height % shrink or header.width % shrink)
        if shrink == 1 or not exact or not data.startswith(JPEG_START):
            image = _decode(data, cv2.IMREAD_COLOR_RGB)
            return image.astype(np.uint8, copy=False), image.shape[:2]
        # There is no such flag for RGB.
        image = cv2.cvtColor(_decode(data, _REDUCED_FLAGS[shrink]), cv2.COLOR_BGR2RGB)
    return image, (image.shape[0] * shrink, image.shape[1] * shrink)


def read_image_shape(path: Path | str) -> tuple[int, int]:
    """Return (H, W) of an image file as it is stored, without decoding it.

    An EXIF tag, as telephones write it, may turn what :func:`read_image` returns.

    Args:
        path: The file, of any format that OpenCV reads.

    Raises:
        FileNotFoundError: If there is no such file.
        ImageError: As :func:`read_image`.
    """
    with _named(path):
        _, header = _load(path)
    return header.height, header.width


def read_stored_image(path: Path | str, max_pixels: int = MAX_PIXELS) -> NDArray[Any]:
    """Return the pixels of an image file as they are stored, as masks need it.

    Args:
        path: The file, of any format that OpenCV reads.
        max_pixels: The most pixels that it may have, where fewer are wanted than
            :func:`read_image` reads.

    Returns:
        (H, W), or (H, W, C) with RGB or RGBA last, of the type that is stored: uint8
        for 1 to 8 bits, which fill its range. An EXIF tag does not turn it. Instead of
        the numbers of a palette come its colors.

    Raises:
        FileNotFoundError: If there is no such file.
        ImageError: As :func:`read_image`.
    """
    with _named(path):
        data, header = _load(path)
        if header.height * header.width > max_pixels:
            raise too_large(header, max_pixels)
        image = _decode(data, cv2.IMREAD_UNCHANGED)
    channels = image.shape[2] if image.ndim == 3 else 1
    if channels in _RGB_ORDER:
        image = cv2.cvtColor(image, _RGB_ORDER[channels])
    return image


def decode_image(data: bytes) -> ByteArray:
    """Return the image in the content of a file, as :func:`read_image`.

    Raises:
        ImageError: As :func:`read_image`; its message begins with the verb.
    """
    check_header(data)
    return _decode(data, cv2.IMREAD_COLOR_RGB).astype(np.uint8, copy=False)


@contextmanager
def _named(path: Path | str) -> Iterator[None]:
    """Put the name of a file in front of what is wrong with it."""
    try:
        yield
    except ImageError as error:
        raise ImageError(f"{str(path)!r} {error}") from None


def _load(path: Path | str) -> tuple[bytes, ImageHeader]:
    """Return the content of a file that may be decoded, and what its header tells."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No image at {str(path)!r}.")
    with path.open("rb") as file:
        check_start(file.read(START_BYTES))
        num_bytes = path.stat().st_size
        if num_bytes > _MAX_FILE_BYTES:
            raise ImageError(
                f"is too large: {num_bytes} bytes, and at most {_MAX_FILE_BYTES} are "
                "read as an image. Make it smaller, or leave it out."
            )
        file.seek(0)
        data = file.read()
    header = check_header(data)
    if header.is_series:
        warnings.warn(
            f"{str(path)!r} holds several images; only the first is read.",
            UserWarning,
            stacklevel=4,
        )
    return data, header


def _decode(data: bytes, flags: int) -> NDArray[Any]:
    try:
        image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags)
    except cv2.error:  # nothing to decode, or not enough memory
        image = None
    if image is None:
        raise unreadable()
    return np.asarray(image)

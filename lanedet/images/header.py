"""What the header of an image file tells, and errors about it."""

from typing import NamedTuple

MAX_PIXELS = 200_000_000
"""Most pixels of an image that is read: the largest sensors of telephones have so many.

In formats in which each pixel takes room in the file, so that a small file holds none.
"""

MAX_DENSE_PIXELS = 64_000_000
"""The same in formats in which a few bytes may stand for any number of pixels, or whose
decoders take much memory for each."""

_CHANNELS = 4


class ImageError(ValueError):
    """A file is no whole image; the message names it."""


class ImageHeader(NamedTuple):
    """What is known of an image before it is decoded."""

    height: int
    """Rows, as stored: an EXIF tag may turn the image."""

    width: int
    """Columns, as stored."""

    least_bytes: int = 0
    """The fewest bytes that can hold so many pixels in this format, 0 if unknown."""

    max_pixels: int = MAX_PIXELS
    """The most pixels that are read of this format."""

    is_series: bool = False
    """Whether other images follow the first: an animation, or pages."""


def unreadable() -> ImageError:
    """Return the error for bytes that are no image."""
    return ImageError("cannot be read as an image. Fetch it again, or leave it out.")


def too_large(header: ImageHeader, max_pixels: int) -> ImageError:
    """Return the error for an image of more pixels than are read."""
    return ImageError(
        f"is too large: its header tells of {header.width}x{header.height} pixels, and "
        f"at most {max_pixels / 1e6:.0f} million are read here. Make it smaller, or "
        "leave it out."
    )


def cut_off(num_bytes: int, missing: str = "hold no end of the image") -> ImageError:
    """Return the error for a file of so many bytes that lacks some."""
    return ImageError(
        f"is cut off: {num_bytes} bytes {missing}. Fetch it again, or leave it out."
    )


def number(data: bytes, position: int, size: int, order: str = "big") -> int:
    """Return the unsigned integer of ``size`` bytes at a position.

    Raises:
        ImageError: If the file ends before it.
    """
    part = data[position : position + size]
    if len(part) < size:
        raise cut_off(len(data))
    return int.from_bytes(part, "little" if order == "little" else "big")


def dense_limit(num_channels: int) -> int:
    """Return the most pixels of an image of so many channels where each costs."""
    return MAX_DENSE_PIXELS // max(1, -(-num_channels // _CHANNELS))

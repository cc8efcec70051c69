"""Arrays to image files, never half a file."""

from pathlib import Path

import cv2

from lanedet.arrays import ByteArray
from lanedet.files import check_name_length, replace_file

_JPEG_SUFFIXES = (".jpeg", ".jpg", ".jpe")


def encode_image(image: ByteArray, suffix: str, jpeg_quality: int = 95) -> bytes:
    """Return the content of an image file.

    Args:
        image: (H, W, 3) uint8, RGB, or (H, W) uint8, as masks are.
        suffix: The format, as the ending of a file's name: ``.jpg``.
        jpeg_quality: 1 to 100, for JPEGs.

    Raises:
        ValueError: If no image file ends so.
    """
    check_image_path(Path(f"image{suffix}"))
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    options = []
    if suffix.lower() in _JPEG_SUFFIXES:
        options = [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality]
    _, encoded = cv2.imencode(suffix, image, options)
    return encoded.tobytes()


def write_image(path: Path | str, image: ByteArray, jpeg_quality: int = 95) -> None:
    """Write an image file whole, or not at all; its folder is made where there is none.

    The name may hold any bytes: OpenCV, which takes no name that is not UTF-8, never
    sees it.

    Args:
        path: The file, which ends as an image file does.
        image: (H, W, 3) uint8, RGB, or (H, W) uint8, as masks are.
        jpeg_quality: 1 to 100, for JPEGs.

    Raises:
        ValueError: If ``path`` does not end as an image file does.
        OSError: If it cannot be written.
    """
    path = Path(path)
    check_image_path(path)
    encoded = encode_image(image, path.suffix, jpeg_quality)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, encoded)


def check_image_path(path: Path) -> None:
    """Raise an error if no image can be written to a path, whatever the image is.

    Raises:
        ValueError: If ``path`` does not end as an image file does.
        OSError: If its name is too long.
    """
    if not has_image_suffix(path):
        raise ValueError(f"Images must be written as .jpg or .png, got {str(path)!r}.")
    check_name_length(path)


def has_image_suffix(path: Path) -> bool:
    """Whether a path ends as a file that images can be written to."""
    suffix = path.suffix
    return suffix.isascii() and cv2.haveImageWriter(f"image{suffix}")

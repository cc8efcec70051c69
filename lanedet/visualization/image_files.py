"""Image files: read to be drawn on, and written."""

from pathlib import Path

import cv2
import numpy as np

from lanedet.structures import ByteArray


def read_image(path: Path | str) -> ByteArray:
    """Return an image file as (H, W, 3) uint8, RGB, turned as its EXIF tag says.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be read as an image.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"No image at {str(path)!r}.")
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise ValueError(f"{str(path)!r} cannot be read as an image.")
    return np.asarray(image, dtype=np.uint8)


def write_image(path: Path | str, image: ByteArray) -> None:
    """Write an image (H, W, 3) uint8, RGB; its folder is made where there is none.

    Raises:
        ValueError: If ``path`` does not end as an image file does.
        OSError: If it cannot be written.
    """
    path = Path(path)
    if not cv2.haveImageWriter(path.name):
        raise ValueError(f"Images must be written as .jpg or .png, got {str(path)!r}.")
    _, encoded = cv2.imencode(path.suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded.tobytes())

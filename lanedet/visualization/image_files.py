"""Pictures to files."""

from pathlib import Path

import cv2

from lanedet.structures import ByteArray


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

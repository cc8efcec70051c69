"""Pictures that cost a decoder as much as a dashcam's."""

from pathlib import Path

import cv2
import numpy as np

from lanedet.arrays import ByteArray

_QUALITY = 90
_GRAINS = (64, 16, 4)  # sizes of soft patches, in pixels
_MAX_TRIALS = 12


def write_pictures(
    folder: Path, number: int, shape: tuple[int, int], num_bytes: int, seed: int = 0
) -> list[Path]:
    """Write JPEGs of soft patches and grain, each within 5 % of a size in bytes.

    Decoding takes a time per pixel and one per byte, hardly any for what is shown.

    Args:
        folder: Where to write; it is made.
        number: How many.
        shape: (H, W) of each.
        num_bytes: Size of each file. 300,000 is the mean of CULane's at 590x1640.
        seed: Seed of the pictures.

    Raises:
        ValueError: If a JPEG of that shape cannot be made so large or so small.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    paths = []
    for index in range(number):
        path = folder / f"{index:05d}.jpg"
        path.write_bytes(_picture(rng, shape, num_bytes))
        paths.append(path)
    return paths


def _picture(rng: np.random.Generator, shape: tuple[int, int], num_bytes: int) -> bytes:
    patches = np.full((*shape, 3), 110.0, dtype=np.float32)
    for grain in _GRAINS:
        small = (shape[0] // grain + 1, shape[1] // grain + 1, 3)
        noise = rng.normal(0, 2 * np.sqrt(grain), small).astype(np.float32)
        patches += cv2.resize(noise, shape[::-1], interpolation=cv2.INTER_CUBIC)
    grain_noise = rng.normal(0, 1, (*shape, 1)).astype(np.float32)
    low, high = 0.0, 60.0  # strength of the grain, in grey levels
    for _ in range(_MAX_TRIALS):
        strength = (low + high) / 2
        data = _jpeg(np.clip(patches + strength * grain_noise, 0, 255).astype(np.uint8))
        if abs(len(data) - num_bytes) <= 0.05 * num_bytes:
            return data
        low, high = (strength, high) if len(data) < num_bytes else (low, strength)
    raise ValueError(
        f"A JPEG of {shape[1]}x{shape[0]} cannot have {num_bytes} bytes here, the "
        f"nearest has {len(data)}. Take another size."
    )


def _jpeg(image: ByteArray) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(data)

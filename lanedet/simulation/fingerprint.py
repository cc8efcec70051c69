"""Fingerprints of scenes: whether they are still drawn as they were.

Not a checksum of the pixels: processors and versions of libraries round differently,
and a grey level here and there makes no other data. A fingerprint is a picture of a few
pixels, with the lanes in it, and two of them are compared.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from lanedet.structures import ByteArray, FloatArray

TOLERANCE = 3
"""Grey levels by which two fingerprints of one scene may differ."""

_SHAPE = (5, 7)
_LANE_WIDTH = 0.012  # as a share of the image's width


def fingerprint(image: ByteArray, lanes: Sequence[FloatArray]) -> str:
    """Return the fingerprint of a scene, 70 hexadecimal digits.

    Args:
        image: Its picture, RGB uint8 (H, W, 3).
        lanes: Its lanes, each (N, 2), (x, y) in pixels of the picture.
    """
    drawn = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    width = max(1, round(_LANE_WIDTH * image.shape[1]))
    for lane in lanes:
        points = np.rint(lane).astype(np.int32)
        cv2.polylines(drawn, [points], isClosed=False, color=255, thickness=width)
    small = cv2.resize(drawn, _SHAPE[::-1], interpolation=cv2.INTER_AREA)
    return small.tobytes().hex()


def fingerprint_distance(first: str, second: str) -> int:
    """Return by how many grey levels two fingerprints differ where they do most.

    Raises:
        ValueError: If one is no fingerprint.
    """
    return int(np.abs(_values(first) - _values(second)).max())


def _values(text: str) -> np.ndarray:
    try:
        values = np.frombuffer(bytes.fromhex(text), np.uint8).astype(int)
    except ValueError:
        values = np.zeros(0, int)
    if len(values) != _SHAPE[0] * _SHAPE[1]:
        raise ValueError(
            f"A fingerprint must be {2 * _SHAPE[0] * _SHAPE[1]} hexadecimal digits, "
            f"got {text!r}."
        )
    return values

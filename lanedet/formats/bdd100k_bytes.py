"""The byte of BDD100K's lane masks: category, style and direction of a pixel.

Bits 0 to 2 are the category, bit 3 says background, bit 4 the style, bit 5 the
direction. A background pixel is 255 in all published masks. Zero is not background:
it is the edge of a crosswalk.

Layout: https://doc.bdd100k.com/format.html (lane marking) and
https://github.com/bdd100k/bdd100k (bdd100k/eval/lane.py at 004fe15)
"""

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import ByteArray

LANE_CATEGORIES = (
    "crosswalk",
    "double other",
    "double white",
    "double yellow",
    "road curb",
    "single other",
    "single white",
    "single yellow",
)
"""Names of the categories, in the order of their numbers."""

LANE_STYLES = ("solid", "dashed")
LANE_DIRECTIONS = ("parallel", "vertical")
LANE_BACKGROUND = 255
"""The byte of a pixel without a lane."""

_BACKGROUND_BIT = 3
# Of each attribute: its lowest bit, its number of bits and its names.
LANE_ATTRIBUTES = {
    "direction": (5, 1, LANE_DIRECTIONS),
    "style": (4, 1, LANE_STYLES),
    "category": (0, 3, LANE_CATEGORIES),
}
"""Where the byte keeps each attribute: lowest bit, number of bits, names."""


def lane_foreground(lane_bytes: ByteArray) -> NDArray[np.bool_]:
    """Return which pixels of a mask belong to a lane, of any kind.

    Example:
        >>> lane_foreground(np.array([[0, 6, 255]], dtype=np.uint8))
        array([[ True,  True, False]])
    """
    return np.asarray((lane_bytes >> _BACKGROUND_BIT) & 1 == 0)


def lane_attribute(lane_bytes: ByteArray, attribute: str) -> ByteArray:
    """Return the number of an attribute in each pixel, also where there is no lane.

    Args:
        lane_bytes: A mask, (H, W) uint8.
        attribute: One of :data:`LANE_ATTRIBUTES`.

    Raises:
        KeyError: If there is no such attribute.

    Example:
        >>> mask = np.array([[0b110110]], dtype=np.uint8)
        >>> LANE_CATEGORIES[lane_attribute(mask, "category")[0, 0]]
        'single white'
    """
    lowest, width, _ = LANE_ATTRIBUTES[attribute]
    return np.asarray((lane_bytes >> lowest) & ((1 << width) - 1), dtype=np.uint8)


def driving_lanes(
    lane_bytes: ByteArray,
    keep_vertical: bool = False,
    keep_crosswalks: bool = False,
) -> NDArray[np.bool_]:
    """Return which pixels belong to a lane that leads along the road.

    Args:
        lane_bytes: A mask, (H, W) uint8.
        keep_vertical: Keep also what crosses the road, such as stop lines.
        keep_crosswalks: Keep also the edges of crosswalks.
    """
    kept = lane_foreground(lane_bytes)
    if not keep_vertical:
        kept &= lane_attribute(lane_bytes, "direction") == 0
    if not keep_crosswalks:
        kept &= lane_attribute(lane_bytes, "category") != 0
    return kept


def encode_lane_byte(category: str, style: str, direction: str) -> int:
    """Return the byte of a lane.

    Raises:
        ValueError: If one of the names is unknown.

    Example:
        >>> encode_lane_byte("single white", "dashed", "parallel")
        22
    """
    byte = 0
    names = {"category": category, "style": style, "direction": direction}
    for attribute, name in names.items():
        lowest, _, known = LANE_ATTRIBUTES[attribute]
        if name not in known:
            raise ValueError(f"{attribute} must be one of {known}, got {name!r}.")
        byte |= known.index(name) << lowest
    return byte


def holds_lane_bytes(mask: ByteArray) -> bool:
    """Return whether a mask holds lane bytes: more than half is their background."""
    return bool(2 * np.count_nonzero(mask == LANE_BACKGROUND) > mask.size)


def lanes_of_mask(mask: ByteArray) -> NDArray[np.bool_]:
    """Return the driving lanes of a mask of any release, whose form its pixels tell.

    Background covers more than half of every road image. If that is 255, the mask
    holds lane bytes, of which :func:`driving_lanes` are taken; if it is 0, it is a
    binary mask, and every other value is lane.

    Args:
        mask: (H, W) uint8.

    Raises:
        ValueError: If neither covers more than half.
    """
    if holds_lane_bytes(mask):
        return driving_lanes(mask)
    check_lane_mask(mask)
    return np.asarray(mask > 0)


def check_lane_mask(mask: ByteArray) -> None:
    """Raise ValueError if neither form's background covers more than half of a mask.

    Args:
        mask: (H, W) uint8.
    """
    if holds_lane_bytes(mask) or 2 * np.count_nonzero(mask) < mask.size:
        return
    raise ValueError(
        "a lane mask must be mostly background: 255 in a mask of lane bytes, 0 in a "
        "binary one. Is this another kind of label, such as drivable area?"
    )

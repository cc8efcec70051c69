"""Attention maps over images, as in Fig. 2 of the paper on SAD.

Hou et al., "Learning Lightweight Lane Detection CNNs by Self Attention Distillation",
ICCV 2019, https://arxiv.org/abs/1908.00821. The paper's maps are drawn in "jet"
(https://github.com/cardwing/Codes-for-Lane-Detection/issues/131), whose bands of light
and dark show edges that are not in the data and whose red and green look alike to many.
Here they are drawn in inferno, which goes from black over violet and orange to light
yellow: lightness grows evenly with the value, so the map reads the same in grey and
with any color vision (S. van der Walt and N. Smith,
https://bids.github.io/colormap/), and where there is no attention there is no color.
The image beneath is grey, so that every color in the picture is attention.
"""

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np

from lanedet.arrays import ByteArray, FloatArray
from lanedet.visualization.draw import draw_caption, draw_lanes

MapScale = Callable[[FloatArray], FloatArray]
"""Brings the values of a map (H, W) into [0, 1]; NaN stays NaN."""

_OPACITY = 0.65  # of the colors over the image: enough of it remains to see the road
_LOW, _HIGH = 1.0, 99.0  # percentiles
_GAP = 4  # pixels between tiles
_GAP_COLOR = 255
_RING = 0.025  # radius of the ring around a pixel, in widths of a tile


def robust_scale(values: FloatArray) -> FloatArray:
    """Scale a map from its 1st and 99th percentile to 0 and 1, and clip it.

    A stage's energies have no common unit, and a few cells, often at the border where
    convolutions see padding, can exceed all others many times: their range would leave
    the rest black. Where the two percentiles are equal, the map is flat but for a few
    cells and is scaled from its smallest to its largest value; a constant map is 0.

    Args:
        values: (H, W), any range, NaN where the network saw nothing.

    Returns:
        (H, W) in [0, 1], NaN as before.

    Example:
        >>> robust_scale(np.array([[2.0, 4.0, np.nan, 6.0]])).round(2)
        array([[0. , 0.5, nan, 1. ]])
    """
    seen = values[~np.isnan(values)]
    if seen.size == 0:
        return values
    low, high = np.percentile(seen, (_LOW, _HIGH))
    if high <= low:
        low, high = seen.min(), seen.max()
    if high <= low:
        return np.where(np.isnan(values), np.nan, 0.0)
    return np.clip((values - low) / (high - low), 0, 1)


def unit_scale(values: FloatArray) -> FloatArray:
    """Return a map that lies in [0, 1] as it is.

    Args:
        values: (H, W), NaN where the network saw nothing.

    Raises:
        ValueError: If a value lies outside [0, 1].
    """
    # Interpolation of values up to 1 may end a rounding error above it.
    if np.any((values < 0) | (values > 1 + 1e-6)):
        raise ValueError(
            "The values must lie in [0, 1], got "
            f"[{np.nanmin(values):g}, {np.nanmax(values):g}]."
        )
    return np.minimum(values, 1.0)


def draw_attention(
    image: ByteArray,
    attention: FloatArray,
    *,
    scale: MapScale = robust_scale,
    opacity: float = _OPACITY,
) -> ByteArray:
    """Draw an attention map over a grey copy of an image.

    Args:
        image: (H, W, 3) uint8, RGB, of any size.
        attention: (H, W), a value for each pixel of ``image``, NaN where the network
            saw nothing: there the image stays grey
            (:func:`~lanedet.ops.map_to_original` makes it).
        scale: Brings the map into [0, 1], from darkest to lightest.
        opacity: Opacity of the colors, in [0, 1].

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        ValueError: If the image is not (H, W, 3) uint8, the map is of another size or
            infinite somewhere, or ``opacity`` lies outside [0, 1].
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(
            f"image must be (H, W, 3) uint8, got {image.shape} {image.dtype}."
        )
    if attention.shape != image.shape[:2]:
        raise ValueError(
            f"attention must be of the image's size {image.shape[:2]}, "
            f"got {attention.shape}. Use lanedet.ops.map_to_original."
        )
    if np.isinf(attention).any():
        raise ValueError("attention must be finite, or NaN where nothing was seen.")
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity must lie in [0, 1], got {opacity}.")
    grey = cv2.cvtColor(
        cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY),
        cv2.COLOR_GRAY2RGB,
    )
    blended = cv2.addWeighted(_colors(scale(attention)), opacity, grey, 1 - opacity, 0)
    return np.where(np.isnan(attention)[..., None], grey, blended)


def draw_attention_grid(  # noqa: PLR0913 - all but two have defaults
    image: ByteArray,
    maps: Mapping[str, FloatArray],
    *,
    lanes: Sequence[FloatArray] = (),
    slots: Sequence[int | None] | None = None,
    num_slots: int = 6,
    caption: str = "",
    scale: MapScale = robust_scale,
    mark: tuple[float, float] | None = None,
    tile_width: int = 480,
) -> ByteArray:
    """Draw an image with its lanes and, to the right of it, its attention maps.

    Args:
        image: (H, W, 3) uint8, RGB, of any size.
        maps: Attention maps (H, W) by the caption of their tile, such as the name of
            the stage; see :func:`draw_attention`.
        lanes: Polylines to draw into the first tile, each (N, 2) in pixels of
            ``image``.
        slots: Slot of each lane, see :func:`draw_lanes`.
        num_slots: Number of slots K.
        caption: Caption of the first tile, one line of ASCII.
        scale: Brings each map into [0, 1].
        mark: (x, y) of a pixel of ``image`` around which a ring is drawn in each tile.
        tile_width: Width of each tile in pixels, at least 1; the aspect is kept.

    Returns:
        (h, w, 3) uint8, RGB: one row of ``len(maps) + 1`` tiles.

    Raises:
        ValueError: As :func:`draw_attention` and :func:`draw_lanes` do, or if
            ``tile_width`` is below 1.
    """
    if tile_width < 1:
        raise ValueError(f"tile_width must be at least 1 pixel, got {tile_width}.")
    found = draw_lanes(image, lanes, slots=slots, num_slots=num_slots)
    tiles = [_tile(caption, found, tile_width, mark)]
    for name, attention in maps.items():
        drawn = draw_attention(image, attention, scale=scale)
        tiles.append(_tile(name, drawn, tile_width, mark))
    return _joined(tiles, axis=1)


def stack_grids(grids: Sequence[ByteArray]) -> ByteArray:
    """Put grids under one another, the narrower ones filled up with white.

    Args:
        grids: At least one, each (h, w, 3) uint8.

    Returns:
        (H, W, 3) uint8.
    """
    width = max(grid.shape[1] for grid in grids)
    filled = [
        np.pad(
            grid,
            ((0, 0), (0, width - grid.shape[1]), (0, 0)),
            constant_values=_GAP_COLOR,
        )
        for grid in grids
    ]
    return _joined(filled, axis=0)


def _colors(brightness: FloatArray) -> ByteArray:
    """Return the colors (H, W, 3), RGB, of values in [0, 1]; any color for NaN."""
    levels = np.rint(255 * np.nan_to_num(brightness)).astype(np.uint8)
    colored = cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)
    return np.asarray(cv2.cvtColor(colored, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _tile(
    caption: str,
    picture: ByteArray,
    width: int,
    mark: tuple[float, float] | None,
) -> ByteArray:
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    shrinks = width < picture.shape[1]
    resized = cv2.resize(
        picture,
        (width, height),
        interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
    )
    if mark is not None:
        scale = width / picture.shape[1]
        _draw_ring(resized, ((mark[0] + 0.5) * scale, (mark[1] + 0.5) * scale))
    # Text comes last: shrunk with the picture it could not be read.
    return draw_caption(np.asarray(resized, dtype=np.uint8), caption)


def _draw_ring(picture: ByteArray, center: tuple[float, float]) -> None:
    """Draw a white ring with a dark edge into a picture."""
    middle = (round(center[0]), round(center[1]))
    radius = max(3, round(_RING * picture.shape[1]))
    for thickness, level in ((3, 0), (1, 255)):
        cv2.circle(picture, middle, radius, (level,) * 3, thickness, cv2.LINE_AA)


def _joined(pictures: Sequence[ByteArray], axis: int) -> ByteArray:
    """Put pictures side by side (axis 1) or under one another (axis 0)."""
    parts = [pictures[0]]
    for picture in pictures[1:]:
        shape = list(picture.shape)
        shape[axis] = _GAP
        parts += [np.full(shape, _GAP_COLOR, dtype=np.uint8), picture]
    return np.concatenate(parts, axis=axis)

"""The pictures of an annotated clip."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from lanedet.arrays import ByteArray, FloatArray
from lanedet.video.annotation import AnnotatedFrame
from lanedet.video.driving.calibration import Calibration
from lanedet.visualization import draw_attention, draw_caption, draw_overlay

Paint = Callable[[AnnotatedFrame], ByteArray]
"""What draws a frame: from the frame with its lanes and what these say, to a picture
(H, W, 3) uint8, RGB."""


class FramePainter:
    """Draw what was found in frames.

    Args:
        num_slots: Number of slots K of the lanes.
        birds_eye: Calibration for an inset that shows the road from above; None
            for no inset.
    """

    def __init__(self, num_slots: int, birds_eye: Calibration | None = None) -> None:
        self._num_slots = num_slots
        self._birds_eye = birds_eye

    def paint(self, annotated: AnnotatedFrame) -> ByteArray:
        """Return the picture of a frame, with its attention maps to the right.

        Returns:
            (H, W, 3) uint8, RGB, of the frame's size; wider with attention maps.
        """
        canvas = annotated.frame.image.copy()
        to_road = None
        if self._birds_eye is not None:
            to_road = self._birds_eye.to_road_from((canvas.shape[0], canvas.shape[1]))
        draw_overlay(
            canvas,
            annotated.sample,
            annotated.state,
            num_slots=self._num_slots,
            to_road=to_road,
        )
        if not annotated.attention:
            return canvas
        column = _attention_column(annotated.frame.image, annotated.attention)
        return np.concatenate([canvas, column], axis=1)


def checked_picture(picture: ByteArray) -> ByteArray:
    """Return what a user's function has drawn.

    Raises:
        ValueError: If it is no picture (H, W, 3) uint8.
    """
    if (
        isinstance(picture, np.ndarray)
        and picture.dtype == np.uint8
        and picture.ndim == 3
        and picture.shape[2] == 3
        and picture.size
    ):
        return picture
    got = type(picture).__name__
    if isinstance(picture, np.ndarray):
        got = f"{picture.shape} {picture.dtype}"
    raise ValueError(
        f"paint must return a picture (H, W, 3) uint8, RGB, got {got}. Return what it "
        "has drawn on, such as annotated.frame.image.copy()."
    )


def fit_picture(image: ByteArray, shape: tuple[int, int]) -> ByteArray:
    """Return a picture at another size (H, W), its aspect kept by black borders."""
    if image.shape[:2] == shape:
        return image
    factor = min(shape[0] / image.shape[0], shape[1] / image.shape[1])
    height, width = (max(1, round(side * factor)) for side in image.shape[:2])
    top, left = (shape[0] - height) // 2, (shape[1] - width) // 2
    fitted = np.zeros((*shape, 3), dtype=np.uint8)
    fitted[top : top + height, left : left + width] = cv2.resize(
        image, (width, height), interpolation=cv2.INTER_AREA
    )
    return fitted


def _attention_column(image: ByteArray, maps: Mapping[str, FloatArray]) -> ByteArray:
    """Return the maps over small copies of an image, one below the other, (H, w, 3)."""
    height, width = image.shape[:2]
    bounds = np.linspace(0, height, len(maps) + 1).astype(int)
    tile_width = max(1, round(width / len(maps)))
    tiles = []
    for (name, values), top, bottom in zip(
        maps.items(), bounds[:-1], bounds[1:], strict=True
    ):
        size = (tile_width, max(1, int(bottom - top)))
        small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
        # The map is as smooth as the network's grid is coarse: any pixel will do.
        over = cv2.resize(values, size, interpolation=cv2.INTER_NEAREST)
        tiles.append(draw_caption(draw_attention(small, over), name))
    return np.concatenate(tiles, axis=0)[:height]

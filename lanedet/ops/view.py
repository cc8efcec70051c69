"""The view: how an original image becomes the network input, and back.

Pixel centres lie on integer coordinates in both frames, as in the labels of the
benchmarks and in ``cv2.resize``: a resize by the factor s moves x to
(x + 0.5) * s - 0.5. Polylines that go through :meth:`ViewTransform.to_input` therefore
stay on the same image content as the pixels that go through :meth:`ViewTransform.warp`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import cv2
import numpy as np

from lanedet.arrays import ByteArray, FloatArray
from lanedet.ops.bounds import MAX_INPUT_PIXELS, MAX_INPUT_SIDE, check_count
from lanedet.ops.warp import shrink_image


@dataclass(frozen=True)
class ViewTransform:
    """Scale the crop of an original image into a place of the network input.

    Attributes:
        ori_shape: (H, W) of the original image.
        input_shape: (H, W) of the network input.
        crop: (top, bottom, left, right) of the part of the original image that the
            network sees, in whole pixels, bottom and right exclusive.
        place: (top, bottom, left, right) of where that part lies in the network
            input, in whole pixels. What is outside is padding.
    """

    ori_shape: tuple[int, int]
    input_shape: tuple[int, int]
    crop: tuple[int, int, int, int]
    place: tuple[int, int, int, int]

    def __post_init__(self) -> None:
        for name, box, shape in (
            ("crop", self.crop, self.ori_shape),
            ("place", self.place, self.input_shape),
        ):
            top, bottom, left, right = box
            if not (0 <= top < bottom <= shape[0] and 0 <= left < right <= shape[1]):
                raise ValueError(
                    f"{name} must be a non-empty box inside {shape}, got {box}."
                )

    @cached_property
    def scale(self) -> FloatArray:
        """(x, y) factors from the original image to the network input, read-only."""
        crop, place = self.crop, self.place
        return _read_only(
            np.array(
                [
                    (place[3] - place[2]) / (crop[3] - crop[2]),
                    (place[1] - place[0]) / (crop[1] - crop[0]),
                ]
            )
        )

    @cached_property
    def offset(self) -> FloatArray:
        """(x, y) of original pixel centre (0, 0) in the network input, read-only."""
        crop_origin = np.array([self.crop[2], self.crop[0]])
        place_origin = np.array([self.place[2], self.place[0]])
        return _read_only(place_origin + (0.5 - crop_origin) * self.scale - 0.5)

    @property
    def matrix(self) -> FloatArray:
        """The 3x3 map from the original image to the network input."""
        (scale_x, scale_y), (offset_x, offset_y) = self.scale, self.offset
        return np.array(
            [[scale_x, 0.0, offset_x], [0.0, scale_y, offset_y], [0.0, 0.0, 1.0]]
        )

    def to_input(self, points: FloatArray) -> FloatArray:
        """Move points (..., 2) from the original image to the network input."""
        return points * self.scale + self.offset

    def to_original(self, points: FloatArray) -> FloatArray:
        """Move points (..., 2) from the network input to the original image."""
        return (points - self.offset) / self.scale

    def warp(self, image: ByteArray) -> ByteArray:
        """Return the network input of an original image.

        Args:
            image: (H, W, C) or (H, W), uint8, of shape ``ori_shape``.

        Returns:
            Array of ``input_shape``, bilinear (averaged first where it shrinks to half
            or less, so that thin paint does not alias away), 0 in the padding.

        Raises:
            ValueError: If the image has another size than ``ori_shape``.
        """
        if image.shape[:2] != self.ori_shape:
            raise ValueError(
                f"This view was made for images of (H, W) = {self.ori_shape}, "
                f"got {image.shape[:2]}."
            )
        top, bottom, left, right = self.crop
        shrunk = shrink_image(image[top:bottom, left:right], *self.scale)
        height, width = self.place[1] - self.place[0], self.place[3] - self.place[2]
        resized = cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_LINEAR)
        if (height, width) == self.input_shape:
            return np.asarray(resized, dtype=np.uint8)
        canvas = np.zeros((*self.input_shape, *image.shape[2:]), dtype=np.uint8)
        canvas[self.place[0] : self.place[1], self.place[2] : self.place[3]] = resized
        return canvas


class View(Protocol):
    """How images of any size become network inputs of one size."""

    input_shape: tuple[int, int]
    """(H, W) of the network input."""

    def __call__(self, ori_shape: tuple[int, int]) -> ViewTransform:
        """Return the view of images of (H, W) = ``ori_shape``."""


class StretchView:
    """Resize the whole image, below an optional crop of the sky, to the input size.

    This is what the SAD paper and most lane detectors do: the aspect is not kept.

    Args:
        input_shape: (H, W) of the network input, each side at most 8192 and at most
            2**23 pixels together.
        crop_top: Share of the image height cut off at the top, in [0, 1).

    Raises:
        ValueError: If an argument is outside its range.

    Example:
        >>> view = StretchView((368, 640))((720, 1280))
        >>> view.scale
        array([0.5       , 0.51111111])
    """

    def __init__(self, input_shape: tuple[int, int], crop_top: float = 0.0) -> None:
        if not 0 <= crop_top < 1:
            raise ValueError(f"crop_top must lie in [0, 1), got {crop_top}.")
        self.input_shape = _checked_shape(input_shape)
        self.crop_top = crop_top

    def __call__(self, ori_shape: tuple[int, int]) -> ViewTransform:
        """Return the view of images of (H, W) = ``ori_shape``."""
        height, width = ori_shape
        return ViewTransform(
            ori_shape=(height, width),
            input_shape=self.input_shape,
            crop=(min(round(height * self.crop_top), height - 1), height, 0, width),
            place=(0, self.input_shape[0], 0, self.input_shape[1]),
        )


class LetterboxView:
    """Fit the whole image into the input size, keep its aspect, pad with black.

    Roads keep their shape whatever the camera's format, which is what one set of
    weights for any dashcam needs.

    Args:
        input_shape: (H, W) of the network input, each side at most 8192 and at most
            2**23 pixels together.

    Raises:
        ValueError: If it is outside its range.

    Example:
        >>> view = LetterboxView((192, 320))((360, 640))
        >>> view.place
        (6, 186, 0, 320)
    """

    def __init__(self, input_shape: tuple[int, int]) -> None:
        self.input_shape = _checked_shape(input_shape)

    def __call__(self, ori_shape: tuple[int, int]) -> ViewTransform:
        """Return the view of images of (H, W) = ``ori_shape``."""
        height, width = ori_shape
        input_height, input_width = self.input_shape
        scale = min(input_height / height, input_width / width)
        place_height = max(1, round(height * scale))
        place_width = max(1, round(width * scale))
        top = (input_height - place_height) // 2
        left = (input_width - place_width) // 2
        return ViewTransform(
            ori_shape=(height, width),
            input_shape=self.input_shape,
            crop=(0, height, 0, width),
            place=(top, top + place_height, left, left + place_width),
        )


def _read_only(array: FloatArray) -> FloatArray:
    array.flags.writeable = False
    return array


def _checked_shape(shape: tuple[int, int]) -> tuple[int, int]:
    if len(shape) != 2:
        raise ValueError(f"input_shape must be (H, W), got {f'{shape!r}':.80}.")
    height = check_count("input_shape must be (H, W): H", shape[0], MAX_INPUT_SIDE)
    width = check_count("input_shape must be (H, W): W", shape[1], MAX_INPUT_SIDE)
    if height * width > MAX_INPUT_PIXELS:
        raise ValueError(
            f"input_shape must be of at most {MAX_INPUT_PIXELS} pixels, got "
            f"{height}x{width}."
        )
    return height, width

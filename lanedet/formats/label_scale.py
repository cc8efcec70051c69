"""Labels of images that were resized since, brought to the size of these."""

import warnings
from pathlib import Path

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.formats.label_faults import LabelError
from lanedet.images import ImageError, read_image_shape
from lanedet.ops import is_beyond_rows, map_points, resize_matrix
from lanedet.structures import LaneSample

_LARGEST_SIDE = 65_535  # pixels; a JPEG has no longer one
_ASPECT_TOLERANCE = 0.02


class LabelScale:
    """Scales labels from the images that they were made for to those that are there.

    Copies of data sets are often resized while their labels stay. All images of such a
    copy have one size.

    Args:
        label_shape: (H, W) of the images for which the labels were made.

    Raises:
        ValueError: If a side is no whole number of pixels that an image can have.
    """

    def __init__(self, label_shape: tuple[int, int]) -> None:
        sides = tuple(label_shape)  # a list in configs that come from a file
        if len(sides) != 2 or not all(
            type(side) is int and 1 <= side <= _LARGEST_SIDE for side in sides
        ):
            raise ValueError(
                "label_shape must be (H, W), the size of the images for which the "
                f"labels were made, in whole pixels up to {_LARGEST_SIDE}, got "
                f"{f'{label_shape!r}':.80}."
            )
        self.label_shape = (sides[0], sides[1])
        self._first: tuple[Path, tuple[int, int]] | None = None

    def apply(
        self, sample: LaneSample, where: str, has_line_per_lane: bool = False
    ) -> None:
        """Scale a sample's ``gt_lanes`` to its image.

        The sample gets the meta information ``ori_shape``, (H, W) of its image, and
        ``label_shape``: benchmarks score in pixels of that size.

        Args:
            sample: With ``img_path`` and ``gt_lanes`` as the label has them.
            where: File and line of the label, for errors.
            has_line_per_lane: Whether ``where`` is a file alone, each line of which
                holds a lane.

        Raises:
            LabelError: If a point lies where no label of an image of ``label_shape``
                lies, or the image is not there, cannot be read, or has another size
                than the first one.

        Warns:
            UserWarning: If the first image and ``label_shape`` differ in aspect by
                more than 2 %.
        """
        for number, lane in enumerate(sample.gt_lanes, start=1):
            place = f"{where}:{number}" if has_line_per_lane else where
            self._check_points(lane, place)
        shape = self._image_shape(Path(sample.img_path), where)
        matrix = resize_matrix(self.label_shape, shape)
        sample.gt_lanes = [map_points(lane, matrix) for lane in sample.gt_lanes]
        sample.set_metainfo({"ori_shape": shape, "label_shape": self.label_shape})

    def _check_points(self, lane: FloatArray, where: str) -> None:
        width = self.label_shape[1]
        xs, ys = lane.T
        is_outside = is_beyond_rows(ys, self.label_shape)
        # CULane's lanes end with a point beyond the side, which may be far out.
        is_outside |= (xs < -width) | (xs > 2 * width)
        if is_outside.any():
            x, y = lane[np.argmax(is_outside)]
            raise LabelError(
                f"{where}: there is a point at ({x:.6g}, {y:.6g}), outside of an image "
                f"of {_size(self.label_shape)}. label_shape must be (H, W) of the "
                f"images for which the labels were made, got {self.label_shape}."
            )

    def _image_shape(self, path: Path, where: str) -> tuple[int, int]:
        try:
            shape = read_image_shape(path)
        except (ImageError, OSError) as error:
            raise LabelError(f"{where}: the image gives no size: {error}") from error
        if self._first is None:
            self._first = path, shape
            self._check_aspect(path, shape)
        first_path, first_shape = self._first
        if shape != first_shape:
            raise LabelError(
                f"{where}: the image '{path}' has {_size(shape)}, and '{first_path}' "
                f"{_size(first_shape)}. With label_shape, all images must be copies of "
                "one size: resize them alike, or keep each size in a tree of its own."
            )
        return shape

    def _check_aspect(self, path: Path, shape: tuple[int, int]) -> None:
        aspect = shape[1] / shape[0]
        label_aspect = self.label_shape[1] / self.label_shape[0]
        if abs(aspect / label_aspect - 1) > _ASPECT_TOLERANCE:
            warnings.warn(
                f"label_shape is {_size(self.label_shape)}, of aspect "
                f"{label_aspect:.3f}, but '{path}' has {_size(shape)}, of aspect "
                f"{aspect:.3f}. Labels are stretched to the images. If these were cut "
                "or the labels made for another size, that is wrong: look at them with "
                "lanedet browse.",
                UserWarning,
                stacklevel=2,
            )


def _size(shape: tuple[int, int]) -> str:
    return f"{shape[1]}x{shape[0]}"

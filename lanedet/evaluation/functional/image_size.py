"""Whether lanes lie in images of the size that a benchmark's rules assume.

Files of lanes do not say how large their images are. Lanes of larger images, scored as
if they were the benchmark's, fall off its border without a word; how far lanes of the
right size may leave it says :mod:`lanedet.ops.lane_extent`. Lanes of smaller images
stay within the benchmark's, where they are compared too generously. Where they end
tells them (:class:`~lanedet.ops.LaneEnds`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lanedet.formats import CULANE_SHAPE, TUSIMPLE_SHAPE
from lanedet.ops import LaneEnds
from lanedet.ops.lane_extent import MARGIN_ASIDE, MARGIN_ROWS

NUM_EXAMPLES = 4
"""Number of ends of lanes that :func:`check_ends` looks at one by one."""

_SHORTEST, _LONGEST = 16, 65_535  # pixels; a JPEG has no longer side
_NEAR = 1 / 12  # of a side of a usual size: where a few lanes end that are made for it
# What cameras and benchmarks have, for hints.
_USUAL_SHAPES = (
    *((240, 320), (240, 426), (360, 640), (480, 640), (540, 960), (576, 1024)),
    *((600, 800), CULANE_SHAPE, TUSIMPLE_SHAPE, (1080, 1920), (1440, 2560)),
    *((2160, 3840), (4320, 7680)),
)


def checked_image_shape(shape: tuple[int, int]) -> tuple[int, int]:
    """Return the (H, W) of images.

    Raises:
        ValueError: If a side is no whole number of pixels that an image can have.
    """
    height, width = shape
    if not all(
        isinstance(side, int) and _SHORTEST <= side <= _LONGEST
        for side in (height, width)
    ):
        raise ValueError(
            f"Both sides of an image must be whole numbers from {_SHORTEST} to "
            f"{_LONGEST} pixels, got {shape}."
        )
    return height, width


class OutsideError(ValueError):
    """Lanes lie outside of the image whose size is assumed."""


class WithinError(ValueError):
    """Lanes are those of smaller images than is assumed."""


class LaneEnd(NamedTuple):
    """Where a labelled lane ends, of those that end at no border of the image."""

    where: str
    """The file and line, or the image, for messages."""

    point: tuple[float, float]
    """(x, y) in pixels."""


def check_ends(
    ends: LaneEnds,
    examples: Sequence[LaneEnd],
    shape: tuple[int, int],
    *,
    is_given: bool = False,
    picture_shape: tuple[int, int] | None = None,
) -> str | None:
    """Check that labels are not those of smaller images than is assumed.

    Args:
        ends: Where they end in images of ``shape``.
        examples: The first :data:`NUM_EXAMPLES` that end at no border, or all of
            fewer.
        shape: (H, W) that is assumed.
        is_given: Whether the user gave it. Labels may end anywhere then.
        picture_shape: (H, W) of a picture beside the labels, for the hint.

    Returns:
        What to warn of: the size that was given is doubtful, or the lanes are too few
        to be sure.

    Raises:
        WithinError: If they are those of smaller images, and the size was not given.
    """
    if not (ends.are_of_smaller_images or ends.are_within):
        return None
    text = _ends_text(ends, examples, shape)
    if is_given:
        return f"{text} {size_doubt(shape)}" if ends.are_of_smaller_images else None
    text += f" {size_request(ends, shape, picture_shape)}"
    if ends.are_of_smaller_images:
        raise WithinError(text)
    points = np.array([end.point for end in examples])
    for height, width in _fitting_shapes(ends, shape):
        at_bottom = points[:, 1] >= height * (1 - _NEAR)
        if (
            at_bottom.any()
            and (at_bottom | (points[:, 0] >= width * (1 - _NEAR))).all()
        ):
            raise WithinError(text)
    return text


def size_request(
    ends: LaneEnds,
    shape: tuple[int, int],
    picture_shape: tuple[int, int] | None = None,
) -> str:
    """Return why and how to say the size of images that seem to be smaller.

    Args:
        ends: Where labels end in images of ``shape``.
        shape: (H, W) that is assumed.
        picture_shape: (H, W) of a picture beside the labels.
    """
    fitting = _fitting_shapes(ends, shape)
    if picture_shape is not None:
        height, width = picture_shape
        hint = f" HEIGHTxWIDTH: the pictures beside the labels have {height}x{width}"
    elif fitting:
        height, width = fitting[0]
        hint = f" HEIGHTxWIDTH, such as --shape {height}x{width}"
    else:
        hint = " HEIGHTxWIDTH"
    return (
        "Lanes of smaller images are compared too generously. Say the size of the "
        f"images with --shape{hint}; if it is as taken, say --shape "
        f"{shape[0]}x{shape[1]}."
    )


def size_doubt(shape: tuple[int, int]) -> str:
    """Return what to say of a size that was given and seems to be too large."""
    return (
        "Lanes of smaller images are compared too generously: look whether "
        f"--shape {shape[0]}x{shape[1]} is right."
    )


def _ends_text(
    ends: LaneEnds, examples: Sequence[LaneEnd], shape: tuple[int, int]
) -> str:
    height, width = shape
    num_lanes = f"{ends.num_lanes} labelled lanes"
    if ends.are_within:
        found = f"None of {num_lanes} ends at the bottom or the right side of the image"
    elif examples and not ends.num_right:
        found = f"{ends.num_inside} of {num_lanes} end within the image, none at its "
        found += "right side"
    else:
        found = (
            f"None of {num_lanes} reaches beyond x = {ends.farthest * width:.6g} in "
        )
        found += "the image"
    example = ""
    if examples:
        where, (x, y) = examples[0]
        example = f" The first such, {where}, ends at ({x:.6g}, {y:.6g})."
    return (
        f"{found}, which is taken to be {width} pixels wide and {height} high.{example}"
    )


def _fitting_shapes(ends: LaneEnds, shape: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the usual sizes, smaller than one, in which all lanes lie."""
    height, width = shape
    lowest, farthest = ends.lowest * height, ends.farthest * width
    return [
        (h, w)
        for h, w in _USUAL_SHAPES
        if (h, w) != shape and h <= height * (1 + MARGIN_ROWS) and w <= width
        # CULane's labels begin at y = H, and end beyond the side.
        if lowest <= h + 1 and farthest <= w * (1 + MARGIN_ASIDE / 2)
    ]


def outside_error(
    what: str,
    point: tuple[float, float],
    shape: tuple[int, int],
    allowed: str | None = None,
) -> OutsideError:
    """Return the error that names the size assumed and the way to give another.

    Args:
        what: What lies outside and where, the start of the sentence.
        point: (x, y) of a point outside.
        shape: (H, W) that was assumed.
        allowed: How far out points may lie, a sentence. None is what this module says.
    """
    height, width = shape
    x, y = point
    fitting = [
        (h, w) for h, w in _USUAL_SHAPES if -w / 40 <= x <= w * 1.025 and 0 <= y <= h
    ]
    hint = ""
    if fitting:
        h, w = fitting[0]
        hint = f", such as --shape {h}x{w} for images {w} pixels wide and {h} high"
    allowed = allowed or (
        f"Up to {height * MARGIN_ROWS:.0f} px above or below and "
        f"{width * MARGIN_ASIDE:.0f} to the sides are allowed."
    )
    return OutsideError(
        f"{what} ({x:.6g}, {y:.6g}), outside of the image, which is taken to be "
        f"{width} pixels wide and {height} high. {allowed} If the images have another "
        f"size, say it with --shape HEIGHTxWIDTH{hint}. If not, cut the lanes off at "
        "the border."
    )

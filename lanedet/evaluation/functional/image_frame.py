"""Whether lanes lie in images of the size that a benchmark's rules assume.

Files of lanes do not say how large their images are. Lanes of larger images, scored as
if they were the benchmark's, fall off its border without a word. Lanes of the right
size may leave it too:

* CULane's labels start at y = H, one below the last row, and end with the first point
  beyond the left or right border, which the spline behind them can put far out
  (https://github.com/XingangPan/SCNN/issues/92; up to 46 px in a clip of 192 lanes).
* Predictions of public programs are mostly cut off at the image, not all of them.

So no point may lie farther above or below the image than half a drawn lane reaches,
which leaves no mark there. To the sides, a lane lies outside with two points that are
farther out than a tenth of the width, or with one that is a whole width away, and a
hundredth of all lanes may do so.
"""

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray

BoolArray = NDArray[np.bool_]

_SHORTEST, _LONGEST = 16, 65_535  # pixels; a JPEG has no longer side
_MARGIN_ROWS = 1 / 40  # of the height: 15 px of CULane's 590, half a lane's width there
_MARGIN_ASIDE = 1 / 10  # of the width
_SHARE_ASIDE = 1 / 100
_LOW = 0.85  # labels that end above this share of the height are of smaller images
# What cameras and benchmarks have, for hints.
_USUAL_SHAPES = (
    *((480, 640), (540, 960), (590, 1640), (720, 1280), (1080, 1920), (1440, 2560)),
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


def is_beyond_rows(ys: FloatArray, shape: tuple[int, int]) -> BoolArray:
    """Return which points lie too far above or below an image.

    Args:
        ys: y of each point, (N,).
        shape: (H, W) of the image.
    """
    margin = shape[0] * _MARGIN_ROWS
    return np.asarray(~((ys >= -margin) & (ys <= shape[0] + margin)))


def are_lanes_aside(
    xs: FloatArray, lane_starts: NDArray[np.int64], shape: tuple[int, int]
) -> BoolArray:
    """Return which lanes leave an image too far to the left or right, (L,).

    Args:
        xs: x of the points of all lanes one after the other, (N,).
        lane_starts: Where each lane starts in ``xs``, and N at the end, (L + 1,).
        shape: (H, W) of the image.
    """
    width = shape[1]
    beyond = np.maximum(-xs, xs - width)
    if beyond.max(initial=0.0) <= width * _MARGIN_ASIDE:
        return np.zeros(len(lane_starts) - 1, np.bool_)
    weights = (beyond > width * _MARGIN_ASIDE).astype(np.int64) + (beyond > width)
    totals = np.concatenate([[0], np.cumsum(weights)])
    return np.asarray(np.diff(totals[lane_starts]) >= 2)


def are_too_many_aside(num_aside: int, num_lanes: int) -> bool:
    """Return whether so many lanes lie outside that the images must be larger."""
    return num_aside > num_lanes * _SHARE_ASIDE


def is_low(lowest_y: float, shape: tuple[int, int]) -> bool:
    """Return whether labels end so high that the images must be smaller."""
    return lowest_y < shape[0] * _LOW


class OutsideError(ValueError):
    """Lanes lie outside of the image whose size is assumed."""


def outside_error(
    what: str,
    point: tuple[float, float],
    shape: tuple[int, int],
    allowed: str | None = None,
) -> OutsideError:
    """Return the error that names the size assumed and the way to tell another.

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
        f"Up to {height * _MARGIN_ROWS:.0f} px above or below and "
        f"{width * _MARGIN_ASIDE:.0f} to the sides are allowed."
    )
    return OutsideError(
        f"{what} ({x:.6g}, {y:.6g}), outside of the image, which is taken to be "
        f"{width} pixels wide and {height} high. {allowed} If the images have another "
        f"size, say it with --shape HEIGHTxWIDTH{hint}. If not, cut the lanes off at "
        "the border."
    )

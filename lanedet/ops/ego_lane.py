"""Where the driver's own lane lies under the camera, and how it bends.

A straight line on a flat road, X metres to the right of a camera h metres above it, has
in the picture the slope dx/dy = X / h at its lower end, whatever the focal length, the
pitch and the direction in which the camera looks; only a roll changes it. So the slopes
of a lane's two lines tell where between them the camera is, without any calibration.
"""

from typing import NamedTuple

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.ops.polylines import xs_at_rows

_LOWEST_ROW = 0.6  # share of the image height to which both lines must come down
_LEAST_SPAN = 0.1  # share of the image height over which both must be seen
_NUM_ROWS = 24
_FAR_END = 0.05  # share of the rows left out: near the horizon lines hook
# Lane width over camera height: 2.2 m seen from 2.5 m to 6 m seen from 0.9 m.
_WIDTH_PER_HEIGHT = (0.85, 6.7)

_REACH_M = 40.0  # farther, hills and the camera's shake weigh more than bends
_NEAR_M = 15.0  # so near must both lines begin
_LEAST_LENGTH_M = 6.0
_LEAST_BEND_LENGTH_M = 15.0
_LANE_WIDTH_M = (2.0, 6.0)


class ImageLane(NamedTuple):
    """A lane as the picture alone shows it."""

    offset_share: float
    """Where the camera is: 0 in the lane's middle, 0.5 over its right line."""

    bend: float
    """How far the middle of the lane's centre line lies to the left of the straight
    line between its ends, as a share of its height in the picture: positive where the
    road bends to the right."""


class RoadLane(NamedTuple):
    """A lane on the road plane."""

    offset_m: float
    """How far the vehicle's middle is to the right of the lane's."""

    width_m: float
    """Distance between the middles of the lane's lines."""

    curvature_per_m: float | None
    """1 / radius, positive where the road bends to the right; None where too short a
    part of the lane is seen to tell."""


def ego_lane_in_image(
    left: FloatArray, right: FloatArray, image_height: int
) -> ImageLane | None:
    """Measure a lane in the picture.

    The slopes are those of the lower half of the rows on which both lines are seen. No
    line is prolonged.

    Args:
        left: The lane's left line, (N, 2) in pixels.
        right: Its right line.
        image_height: H in pixels.

    Returns:
        The lane; None where the lines share less than a tenth of the image height or
        do not both come down to 0.6 of it, or where they cannot bound one lane.

    Example:
        >>> left = np.array([[250.0, 700.0], [550.0, 400.0]])
        >>> right = np.array([[1190.0, 700.0], [590.0, 400.0]])
        >>> ego_lane_in_image(left, right, 720).offset_share
        -0.16...
    """
    if len(left) < 2 or len(right) < 2:
        return None
    top = max(left[:, 1].min(), right[:, 1].min())
    bottom = min(left[:, 1].max(), right[:, 1].max())
    if bottom < _LOWEST_ROW * image_height or bottom - top < _LEAST_SPAN * image_height:
        return None
    rows = np.linspace(top + _FAR_END * (bottom - top), bottom, _NUM_ROWS)
    xs = np.stack([xs_at_rows(left, rows), xs_at_rows(right, rows)], axis=1)
    low = slice(_NUM_ROWS // 2, None)
    left_slope, right_slope = np.polyfit(rows[low], xs[low], 1)[0]
    width = right_slope - left_slope
    if not _WIDTH_PER_HEIGHT[0] <= width <= _WIDTH_PER_HEIGHT[1]:
        return None
    # The second derivative, not the point halfway: it reads every row.
    heights = (rows - rows[0]) / (bottom - rows[0])
    sagitta = np.polyfit(heights, xs.mean(axis=1), 2)[0] / 4
    return ImageLane(
        offset_share=float(-(left_slope + right_slope) / (2 * width)),
        bend=float(sagitta / (bottom - rows[0])),
    )


def ego_lane_on_road(left: FloatArray, right: FloatArray) -> RoadLane | None:
    """Measure a lane on the road plane.

    Two parallel parabolas are fitted to the first 40 m, near points weighing more, for
    a pixel is worth the more metres the farther away it is.

    Args:
        left: The lane's left line, (N, 2) in metres, (right, ahead), see
            :func:`~lanedet.ops.camera_to_road`. Points that are NaN are left out.
        right: Its right line.

    Returns:
        The lane where the vehicle is; None where a line is not seen within 15 m or over
        less than 6 m, or the lane would be narrower than 2 m or wider than 6 m.

    Example:
        >>> ahead = np.linspace(5.0, 30.0, 20)
        >>> left = np.stack([ahead**2 / 1000 - 2.0, ahead], axis=1)
        >>> lane = ego_lane_on_road(left, left + (3.5, 0.0))
        >>> round(lane.offset_m, 3), round(lane.width_m, 3)
        (0.25, 3.5)
        >>> round(1 / lane.curvature_per_m)
        500
    """
    lines = [
        line[(line[:, 1] > 0) & (line[:, 1] <= _REACH_M)] for line in (left, right)
    ]
    if any(
        len(line) < 3
        or line[:, 1].min() > _NEAR_M
        or np.ptp(line[:, 1]) < _LEAST_LENGTH_M
        for line in lines
    ):
        return None
    laterals, aheads = np.concatenate(lines).T
    is_left = np.arange(len(aheads)) < len(lines[0])
    terms = np.stack([is_left, ~is_left, aheads, aheads**2], axis=1)
    weights = aheads**-2
    fitted = np.linalg.lstsq(terms * weights[:, None], laterals * weights, rcond=None)[
        0
    ]
    left_m, right_m, slope, bend = fitted
    # Across the lane, which is not straight across where it runs aslant.
    across = 1 / np.hypot(1, slope)
    width_m = float((right_m - left_m) * across)
    if not _LANE_WIDTH_M[0] <= width_m <= _LANE_WIDTH_M[1]:
        return None
    shortest = min(np.ptp(line[:, 1]) for line in lines)
    return RoadLane(
        offset_m=float(-(left_m + right_m) / 2 * across),
        width_m=width_m,
        curvature_per_m=(
            float(2 * bend * across**3) if shortest >= _LEAST_BEND_LENGTH_M else None
        ),
    )

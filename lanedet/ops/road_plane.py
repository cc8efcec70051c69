"""The road as a plane: from pixels to metres and back.

Road points are (x, y) in metres: x to the right of the vehicle's middle, y ahead of the
camera. The road is taken to be flat; on a crest or in a dip far points are wrong.
"""

import numpy as np

from lanedet.arrays import FloatArray


def camera_to_road(
    focal_px: tuple[float, float],
    principal_point: tuple[float, float],
    height_m: float,
    *,
    pitch_rad: float = 0.0,
    yaw_rad: float = 0.0,
    roll_rad: float = 0.0,
    lateral_m: float = 0.0,
) -> FloatArray:
    """Return the homography from pixels to the road for a camera without distortion.

    Args:
        focal_px: (fx, fy), the focal lengths in pixels, > 0.
        principal_point: (x, y) of the pixel on the optical axis.
        height_m: Height of the camera above the road, > 0.
        pitch_rad: Downward tilt; positive moves the horizon up.
        yaw_rad: Turn to the right, away from where the vehicle heads.
        roll_rad: Clockwise turn of the picture's content.
        lateral_m: How far to the right of the vehicle's middle the camera is mounted.

    Returns:
        (3, 3), from (x, y, 1) in pixels to (x, y, 1) in metres times a factor that is
        positive below the horizon.

    Example:
        >>> to_road = camera_to_road((1000.0, 1000.0), (640.0, 360.0), 1.5)
        >>> project(np.array([[640.0, 460.0], [840.0, 460.0]]), to_road)
        array([[ 0., 15.],
               [ 3., 15.]])
    """
    to_ray = np.linalg.inv(
        np.array(
            [
                [focal_px[0], 0.0, principal_point[0]],
                [0.0, focal_px[1], principal_point[1]],
                [0.0, 0.0, 1.0],
            ]
        )
    )
    # Rays are (right, down, ahead) as the camera has them; each turn undoes one of its.
    cos, sin = np.cos(roll_rad), np.sin(roll_rad)
    unroll = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
    cos, sin = np.cos(pitch_rad), np.sin(pitch_rad)
    unpitch = np.array([[1.0, 0.0, 0.0], [0.0, cos, sin], [0.0, -sin, cos]])
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    unyaw = np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])
    right, down, ahead = unyaw @ unpitch @ unroll @ to_ray
    return np.stack([height_m * right + lateral_m * down, height_m * ahead, down])


def project(points: FloatArray, homography: FloatArray) -> FloatArray:
    """Move points by a homography.

    Args:
        points: (N, 2).
        homography: (3, 3); its last row is positive on the visible side of the horizon.

    Returns:
        (N, 2); NaN for points on or beyond the horizon.
    """
    mapped = points @ homography[:, :2].T + homography[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(
            np.where(mapped[:, 2:] > 0, mapped[:, :2] / mapped[:, 2:], np.nan)
        )

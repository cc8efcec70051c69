"""Where a camera is mounted, as a file says it: what turns pixels into metres.

docs/driving.md describes the file.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

import numpy as np
import yaml

from lanedet.arrays import FloatArray
from lanedet.ops import camera_to_road, project, resize_matrix

_KEYS = ("image_size", "camera", "homography")
_CAMERA_KEYS = (
    "height_m",
    "pitch_deg",
    "focal_px",
    "principal_point",
    "yaw_deg",
    "roll_deg",
    "lateral_m",
)
_LARGEST_TILT_DEG = 45.0
_LARGEST_HEIGHT_M = 6.0
_LARGEST_LATERAL_M = 3.0
_ASPECT_TOLERANCE = 0.01


@dataclass(frozen=True)
class Calibration:
    """The way from the pixels of one camera to the road.

    Attributes:
        image_shape: (H, W) of the pictures for which it was measured.
        to_road: (3, 3), from (x, y, 1) in pixels of such a picture to (x, y, 1) in
            metres to the right of the vehicle's middle and ahead of the camera, times a
            factor that is positive below the horizon.
    """

    image_shape: tuple[int, int]
    to_road: FloatArray

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Read a calibration file, YAML or JSON.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it does not say what it must; the message names file and key.
        """
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(
                f"No calibration at '{path}'. docs/driving.md has an example."
            )
        try:
            return cls._parse(yaml.safe_load(path.read_bytes()))
        except (yaml.YAMLError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from error

    @classmethod
    def _parse(cls, content: Any) -> Self:
        entries = _mapping(content, "the file", _KEYS)
        if ("camera" in entries) == ("homography" in entries):
            raise ValueError("it must have either 'camera' or 'homography'.")
        width, height = _numbers(entries, "image_size", 2)
        if not (width.is_integer() and height.is_integer() and min(width, height) > 0):
            raise ValueError(
                "'image_size' must be two whole numbers > 0, [width, height], "
                f"got {entries['image_size']}."
            )
        shape = (int(height), int(width))
        if "camera" in entries:
            to_road = _read_camera(entries["camera"], shape)
        else:
            to_road = _read_homography(entries["homography"])
        return cls(shape, _checked(to_road, shape))

    def to_road_from(self, image_shape: tuple[int, int]) -> FloatArray:
        """Return the homography (3, 3) for pictures of another size.

        Args:
            image_shape: (H, W) of the pictures, which show what those of
                ``self.image_shape`` show.

        Raises:
            ValueError: If the pictures are of another aspect, so that they cannot.
        """
        (height, width), (own_height, own_width) = image_shape, self.image_shape
        if abs(width * own_height / (height * own_width) - 1) > _ASPECT_TOLERANCE:
            raise ValueError(
                f"The calibration is for pictures of {own_width}x{own_height}, "
                f"these are {width}x{height}, which is another aspect: calibrate "
                "the camera for it, or leave the calibration out."
            )
        return np.asarray(self.to_road @ resize_matrix(image_shape, self.image_shape))


def _read_camera(content: Any, shape: tuple[int, int]) -> FloatArray:
    camera = _mapping(content, "'camera'", _CAMERA_KEYS)
    if isinstance(camera.get("focal_px"), list):
        focal_x, focal_y = _numbers(camera, "focal_px", 2)
    else:
        focal_x = focal_y = _number(camera, "focal_px", -math.inf, math.inf)
    if min(focal_x, focal_y) < 1:
        raise ValueError(
            f"'focal_px' must be at least 1 pixel, got {camera['focal_px']}."
        )
    x, y = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    if "principal_point" in camera:
        x, y = _numbers(camera, "principal_point", 2)
    tilt = _LARGEST_TILT_DEG
    lateral = _LARGEST_LATERAL_M
    return camera_to_road(
        (focal_x, focal_y),
        (x, y),
        _number(camera, "height_m", 0.1, _LARGEST_HEIGHT_M),
        pitch_rad=math.radians(_number(camera, "pitch_deg", -tilt, tilt)),
        yaw_rad=math.radians(_number(camera, "yaw_deg", -tilt, tilt, 0.0)),
        roll_rad=math.radians(_number(camera, "roll_deg", -tilt, tilt, 0.0)),
        lateral_m=_number(camera, "lateral_m", -lateral, lateral, 0.0),
    )


def _read_homography(content: Any) -> FloatArray:
    rows = content if isinstance(content, list) else []
    matrix = [_numbers({"homography": row}, "homography", 3) for row in rows]
    if len(matrix) != 3:
        raise ValueError("'homography' must be three rows of three numbers.")
    homography = np.array(matrix)
    if np.linalg.matrix_rank(homography) < 3:
        raise ValueError("'homography' must be invertible, got a singular matrix.")
    return homography


def _checked(to_road: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Return the homography with its sign set, once the road lies where it must."""
    bottom = np.array([[(shape[1] - 1) / 2, shape[0] - 1.0]])
    factor = float(to_road[2] @ [*bottom[0], 1.0])
    to_road = to_road if factor >= 0 else -to_road
    [[_, ahead_m]] = project(bottom, to_road)
    if not 0 < ahead_m < 100:
        raise ValueError(
            "the lowest pixel in the middle must show the road between 0 and 100 m "
            f"ahead, got {ahead_m:.1f} m. A homography leads from "
            "pixels (x, y) to metres (right, ahead); a positive pitch_deg looks down."
        )
    return to_road


def _mapping(content: Any, name: str, keys: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(content, dict):
        raise ValueError(f"{name} must have entries, of {', '.join(keys)}.")
    for key in content:
        if key not in keys:
            near = get_close_matches(str(key), keys, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"use {', '.join(keys)}."
            raise ValueError(f"{name} has no entry '{key}': {hint}")
    return content


def _number(
    entries: Mapping[str, Any],
    key: str,
    low: float,
    high: float,
    default: float | None = None,
) -> float:
    value = entries.get(key, default)
    if value is None:
        raise ValueError(f"'{key}' is missing.")
    if not _is_number(value) or not low <= value <= high:
        raise ValueError(f"'{key}' must be a number in [{low}, {high}], got {value!r}.")
    return float(value)


def _numbers(entries: Mapping[str, Any], key: str, count: int) -> tuple[float, ...]:
    values = entries.get(key)
    if (
        not isinstance(values, list)
        or len(values) != count
        or not all(_is_number(value) for value in values)
    ):
        raise ValueError(f"'{key}' must be a list of {count} numbers, got {values!r}.")
    return tuple(float(value) for value in values)


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
    )

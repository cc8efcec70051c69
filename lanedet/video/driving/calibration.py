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
_LARGEST_FILE = 64 << 10  # bytes
_DEEPEST = 8  # lists and mappings in one another; a homography needs three
_LONGEST_MESSAGE = 500  # letters of what a parser says
_LARGEST_SIDE = 1 << 16  # pixels


class _PlainLoader(yaml.SafeLoader):
    """Loads what a calibration is made of: mappings, lists, numbers and texts.

    Without aliases, with which a few bytes grow to gigabytes, without tags, and without
    depth, with which the time for a few thousand bytes grows to minutes.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("aliases (*) are not allowed: write each value out.")
        if getattr(event, "tag", None) is not None:
            raise ValueError("tags (!) are not allowed: write the value alone.")
        return super().compose_node(parent, index)

    def fetch_flow_collection_start(self, token_class: Any) -> None:
        self._check_depth(self.flow_level)
        super().fetch_flow_collection_start(token_class)

    def add_indent(self, column: int) -> bool:
        self._check_depth(len(self.indents))
        return bool(super().add_indent(column))

    def _check_depth(self, depth: int) -> None:
        if depth > _DEEPEST:
            raise ValueError(
                f"lists and mappings may be at most {_DEEPEST} deep in one another."
            )


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
        with path.open("rb") as file:
            text = file.read(_LARGEST_FILE + 1)
        try:
            if len(text) > _LARGEST_FILE:
                raise ValueError(
                    f"it must have at most {_LARGEST_FILE} bytes. Is it another file?"
                )
            return cls._parse(yaml.load(text, _PlainLoader))
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            raise ValueError(f"{path}: {_shortened(str(error))}") from error

    @classmethod
    def _parse(cls, content: Any) -> Self:
        entries = _mapping(content, "the file", _KEYS)
        if ("camera" in entries) == ("homography" in entries):
            raise ValueError("it must have either 'camera' or 'homography'.")
        width, height = _numbers(entries, "image_size", 2)
        if not all(
            side.is_integer() and 0 < side <= _LARGEST_SIDE for side in (width, height)
        ):
            raise ValueError(
                "'image_size' must be two whole numbers > 0, [width, height], of at "
                f"most {_LARGEST_SIDE}, got {_shown(entries['image_size'])}."
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
            f"'focal_px' must be at least 1 pixel, got {_shown(camera['focal_px'])}."
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
        raise ValueError(
            f"'{key}' must be a number in [{low}, {high}], got {_shown(value)}."
        )
    return float(value)


def _numbers(entries: Mapping[str, Any], key: str, count: int) -> tuple[float, ...]:
    values = entries.get(key)
    if (
        not isinstance(values, list)
        or len(values) != count
        or not all(_is_number(value) for value in values)
    ):
        raise ValueError(
            f"'{key}' must be a list of {count} numbers, got {_shown(values)}."
        )
    return tuple(float(value) for value in values)


def _is_number(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that is none of a measure
        return False


def _shown(value: Any) -> str:
    """Return a value for a message, cut short."""
    try:
        return _shortened(repr(value), 60)
    except ValueError:  # Python writes no number of thousands of digits
        return "a number of too many digits"


def _shortened(text: str, length: int = _LONGEST_MESSAGE) -> str:
    return text if len(text) <= length else f"{text[:length]}..."

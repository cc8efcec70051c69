"""Random motions of the camera, as maps of the image plane."""

from typing import Any

import numpy as np

from lanedet.arrays import FloatArray

_MOST = 1000.0  # of every value; the map of much larger ones is not finite


class RandomMotion:
    """Draw a map that turns, scales, shifts and mirrors the network input.

    It turns and scales about the centre of the picture. All draws are uniform,
    that of ``stretch`` in its logarithm.

    Args:
        rotate_deg: Least and greatest turn in degrees, clockwise as seen.
        scale: Least and greatest factor, in [0.001, 1000].
        stretch: Least and greatest factor of x alone, beside ``scale``, in
            [0.001, 1000]. A camera that is mounted lower, or higher, sees the road so:
            lines that spread more, or less.
        shift: Greatest shift along (x, y), as a share of width and height, either way,
            at most 1000.
        mirror_probability: How often left and right are swapped, in [0, 1].

    Raises:
        ValueError: If a value is outside its range.

    Example:
        >>> motion = RandomMotion(mirror_probability=1.0)
        >>> matrix = motion(np.random.default_rng(0), (288, 800))
        >>> (matrix @ [0.0, 20.0, 1.0]).tolist()
        [799.0, 20.0, 1.0]
    """

    def __init__(
        self,
        rotate_deg: tuple[float, float] = (0.0, 0.0),
        scale: tuple[float, float] = (1.0, 1.0),
        shift: tuple[float, float] = (0.0, 0.0),
        mirror_probability: float = 0.0,
        stretch: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        self.rotate_deg = _checked_range("rotate_deg", rotate_deg, -180.0)
        self.scale = _checked_range("scale", scale, 1e-3)
        self.stretch = _checked_range("stretch", stretch, 1e-3)
        if len(shift) != 2 or not all(0 <= share <= _MOST for share in shift):
            raise ValueError(
                f"shift must be two shares from 0 to {_MOST:g}, got {shift!r}."
            )
        self.shift = np.array(shift, dtype=np.float64)
        if not 0 <= mirror_probability <= 1:
            raise ValueError(
                f"mirror_probability must lie in [0, 1], got {mirror_probability!r}."
            )
        self.mirror_probability = mirror_probability

    def __call__(self, rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
        """Return a map, (3, 3), from the picture of ``shape`` (H, W) to itself."""
        turn = np.deg2rad(rng.uniform(*self.rotate_deg))
        factor = rng.uniform(*self.scale)
        size = np.array([shape[1], shape[0]])
        shift = rng.uniform(-self.shift, self.shift) * size
        side = -1.0 if rng.random() < self.mirror_probability else 1.0
        # The logarithm is drawn: half as wide is as likely as twice.
        side *= np.exp(rng.uniform(*np.log(self.stretch)))
        cos, sin = factor * np.cos(turn), factor * np.sin(turn)
        matrix = np.eye(3)
        matrix[:2, :2] = [[cos * side, -sin], [sin * side, cos]]
        centre = (size - 1) / 2
        matrix[:2, 2] = centre + shift - matrix[:2, :2] @ centre
        return matrix


def _checked_range(name: str, ends: Any, least: float) -> tuple[float, float]:
    if not (len(ends) == 2 and least <= ends[0] <= ends[1] <= _MOST):
        raise ValueError(
            f"{name} must be a least and a greatest value, none below {least:g} or "
            f"above {_MOST:g}, got {ends!r}."
        )
    return float(ends[0]), float(ends[1])

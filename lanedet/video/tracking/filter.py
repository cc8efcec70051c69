"""A Kalman filter on the course of one lane."""

from dataclasses import dataclass

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.ops import xs_at_rows

NUM_ROWS = 72
"""Image rows on which a lane is filtered: one to every ten pixels of 720."""


@dataclass(frozen=True)
class FilterConfig:
    """How lanes move, and how well a detector sees them.

    Lengths across the image are shares of its width, and so are the same for every
    size of the same picture.

    Attributes:
        noise: Standard deviation of a detection's x.
        acceleration: How lanes change their velocity: spectral density of a white
            acceleration, in widths per second to the power of 1.5.
        start_velocity: Standard deviation of a new lane's velocity, in widths per
            second.
        outlier: Largest deviation of one row from the whole lane's movement that is
            believed, in standard deviations of a detection.
        coast_s: Time constant in which a lane that is not seen comes to rest.
        end_s: Time constant in which the ends follow the detections' ends.

    Raises:
        ValueError: If a number is not positive.
    """

    noise: float = 0.004
    acceleration: float = 0.02
    start_velocity: float = 0.1
    outlier: float = 8.0
    coast_s: float = 0.6
    end_s: float = 0.4

    def __post_init__(self) -> None:
        check_positive(self)


def check_positive(config: object) -> None:
    """Raise ValueError if a number of a config is not positive."""
    for name, value in vars(config).items():
        if not isinstance(value, FilterConfig) and not value > 0:
            raise ValueError(f"{name} must be positive, got {value}.")


class LaneFilter:
    """Smooths where a lane crosses fixed image rows, and where it ends.

    Each row has a position and a velocity, so that a lane which moves evenly is
    followed without lag. A polynomial would have fewer numbers, but would leave the
    paint where a road bends before a crest. x is a share of the image width and y one
    of its height.

    Args:
        points: The first detection, shape (N, 2).
        config: See :class:`FilterConfig`.
    """

    ROWS = np.linspace(0, 1, NUM_ROWS)

    def __init__(self, points: FloatArray, config: FilterConfig) -> None:
        self._config = config
        self._ends = _ends(points)
        self._xs = sample_rows(points)
        self._velocity = np.zeros(NUM_ROWS)
        # The covariance of position and velocity is the same as if every row had a
        # filter of its own.
        self._p_xx = np.full(NUM_ROWS, config.noise**2)
        self._p_xv = np.zeros(NUM_ROWS)
        self._p_vv = np.full(NUM_ROWS, config.start_velocity**2)

    @property
    def xs(self) -> FloatArray:
        """Filtered x of each row, shape (R,). NaN where no lane was seen."""
        return self._xs

    @property
    def points(self) -> FloatArray:
        """The filtered lane, shape (N, 2), bottom to top."""
        top, bottom = self._ends
        first, last = np.searchsorted(self.ROWS, [top, bottom], side="right")
        ys = np.concatenate([[bottom], self.ROWS[first:last][::-1], [top]])
        known = np.isfinite(self._xs)
        xs = np.interp(ys, self.ROWS[known], self._xs[known])
        return np.stack([xs, ys], axis=1)

    def predict(self, step_s: float) -> None:
        """Move on in time, by ``step_s`` seconds, >= 0."""
        q = self._config.acceleration**2 * step_s
        self._xs = self._xs + step_s * self._velocity
        self._p_xx += (
            step_s * (2 * self._p_xv + step_s * self._p_vv) + q * step_s**2 / 3
        )
        self._p_xv += step_s * self._p_vv + q * step_s / 2
        self._p_vv += q

    def coast(self, step_s: float) -> None:
        """Come to rest, as the lane was not seen for another ``step_s`` seconds."""
        self._velocity *= np.exp(-step_s / self._config.coast_s)

    def update(self, points: FloatArray, step_s: float) -> None:
        """Take in a detection.

        Args:
            points: Shape (N, 2).
            step_s: Seconds since the one before.
        """
        self._follow_ends(points, step_s)
        seen = sample_rows(points)
        is_seen, is_known = np.isfinite(seen), np.isfinite(self._xs)
        both = is_seen & is_known
        surprise = np.zeros(NUM_ROWS)
        if both.any():
            middle = np.median(seen[both] - self._xs[both])
            reach = self._config.outlier * self._config.noise
            surprise[both] = np.clip(
                seen[both] - self._xs[both], middle - reach, middle + reach
            )
            # A part that is not seen moves with the part beside it.
            rows = np.arange(NUM_ROWS)
            surprise = np.interp(rows, rows[both], surprise[both])
        gain = self._p_xx + self._config.noise**2
        to_x, to_v = self._p_xx / gain, self._p_xv / gain
        self._xs = np.where(is_known, self._xs + to_x * surprise, seen)
        self._velocity = self._velocity + to_v * surprise
        self._p_vv = self._p_vv - to_v * self._p_xv
        self._p_xv = self._p_xv * (1 - to_x)
        self._p_xx = self._p_xx * (1 - to_x)

    def _follow_ends(self, points: FloatArray, step_s: float) -> None:
        self._ends += (1 - np.exp(-step_s / self._config.end_s)) * (
            _ends(points) - self._ends
        )


def sample_rows(points: FloatArray) -> FloatArray:
    """Return a detection's x at the filter's rows, shape (R,); NaN where it has none.

    It reaches one row beyond both of its ends, straight on, so that the ends lie
    between rows that are known.
    """
    points = points[np.argsort(points[:, 1], kind="stable")]
    step = LaneFilter.ROWS[1]
    inner = np.array([points[0, 1] + step, points[-1, 1] - step])
    inner_xs = np.interp(inner, points[:, 1], points[:, 0])
    ends = points[[0, -1]]
    outer = 2 * ends - np.stack([inner_xs, inner], axis=1)
    return xs_at_rows(np.concatenate([outer[:1], points, outer[1:]]), LaneFilter.ROWS)


def _ends(points: FloatArray) -> FloatArray:
    """Return y of the top and of the bottom, shape (2,)."""
    return np.array([points[:, 1].min(), points[:, 1].max()])

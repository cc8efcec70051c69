import numpy as np
import pytest

from lanedet.arrays import FloatArray
from lanedet.ops import straighten

HEIGHT = 100.0
ROWS = np.arange(90.0, 8.0, -2.0)


def lane(x: FloatArray | float, y: FloatArray = ROWS) -> FloatArray:
    return np.stack([np.broadcast_to(x, y.shape), y], axis=1).astype(np.float64)


def wobble(points: FloatArray) -> float:
    return float(np.abs(np.diff(points[:, 0], 2)).mean())


@pytest.mark.parametrize("y", [ROWS, ROWS[[0, 1, 5, 6, 20, 40]]])
def test_straight_lines_stay(y: FloatArray) -> None:
    line = lane(30 + 0.7 * y, y)
    np.testing.assert_allclose(straighten(line, 0.5, HEIGHT), line, atol=1e-6)


def test_three_points_by_hand() -> None:
    # With w = length**4 the middle is pulled by w / (1 + 6 w) twice the bend of 3.
    points = lane(np.array([0.0, 3.0, 0.0]), np.array([50.0, 40.0, 30.0]))
    w = (0.2 * 100 * np.sqrt(0.1) / 10) ** 4
    pull = 6 * w / (1 + 6 * w)
    expected = [pull, 3 - 2 * pull, pull]
    np.testing.assert_allclose(straighten(points, 0.2, HEIGHT)[:, 0], expected)


def test_wobble_goes_and_a_perspective_curve_stays() -> None:
    curve = lane(40 + 30 / (ROWS - 5))
    rng = np.random.default_rng(0)
    noisy = curve + np.stack([rng.normal(0, 1, len(ROWS)), 0 * ROWS], axis=1)
    smooth = straighten(noisy, 0.15, HEIGHT)
    assert wobble(smooth) < 0.2 * wobble(noisy)
    error = np.abs(smooth - curve)[:, 0]
    assert error.mean() < 0.6 * np.abs(noisy - curve)[:, 0].mean()
    assert np.abs(straighten(curve, 0.15, HEIGHT) - curve).max() < 0.6


def test_the_unit_does_not_matter() -> None:
    points = lane(np.sin(ROWS))
    for factor in (0.5, 3.0):
        scaled = straighten(points * factor, 0.2, HEIGHT * factor)
        np.testing.assert_allclose(scaled, straighten(points, 0.2, HEIGHT) * factor)


def test_little_to_do() -> None:
    points = lane(np.sin(ROWS))
    assert straighten(points, 0.0, HEIGHT) is points
    assert straighten(points[:2], 0.5, HEIGHT).tolist() == points[:2].tolist()


@pytest.mark.parametrize("number", [3, 4, 127, 128, 129, 400])
def test_short_and_long_lanes_minimise_the_same_sum(number: int) -> None:
    # One step of size 1: the sum of squares and of length**4 times squared bends.
    height, stiffness = float(number), 0.05
    y = np.arange(number)[::-1].astype(np.float64)
    x = np.random.default_rng(number).normal(0, 1, number)
    bends = np.diff(np.eye(number), 2, axis=0)
    length = stiffness * height * np.sqrt(y[1:-1] / height)
    gradient = straighten(lane(x, y), stiffness, height)[:, 0]
    gradient = gradient - x + bends.T @ (length**4 * (bends @ gradient))
    np.testing.assert_allclose(gradient, 0, atol=1e-6)

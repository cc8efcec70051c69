from typing import Any

import numpy as np
import pytest

from lanedet.datasets import RandomMotion
from lanedet.ops import map_points

SHAPE = (101, 201)  # its centre is the pixel (100, 50)


def moved(points: list[list[float]], **options: Any) -> np.ndarray:
    matrix = RandomMotion(**options)(np.random.default_rng(0), SHAPE)
    return map_points(np.array(points), matrix)


def test_nothing_is_the_default() -> None:
    matrix = RandomMotion()(np.random.default_rng(0), SHAPE)
    np.testing.assert_array_equal(matrix, np.eye(3))


def test_a_turn_is_clockwise_about_the_centre() -> None:
    turned = moved([[100, 50], [110, 50]], rotate_deg=(90, 90))
    np.testing.assert_allclose(turned, [[100, 50], [100, 60]], atol=1e-9)


def test_scale_is_about_the_centre() -> None:
    np.testing.assert_allclose(moved([[110, 60]], scale=(0.5, 0.5)), [[105, 55]])


def test_stretch_is_of_x_alone_and_before_the_turn() -> None:
    np.testing.assert_allclose(moved([[110, 60]], stretch=(0.5, 0.5)), [[105, 60]])
    turned = moved([[110, 60]], stretch=(0.5, 0.5), rotate_deg=(90, 90))
    np.testing.assert_allclose(turned, [[90, 55]], atol=1e-9)


def test_half_as_wide_is_as_likely_as_twice() -> None:
    motion, rng = RandomMotion(stretch=(0.5, 2.0)), np.random.default_rng(0)
    stretches = np.array([motion(rng, SHAPE)[0, 0] for _ in range(2000)])
    assert stretches.min() < 0.51
    assert stretches.max() > 1.95
    assert (stretches < 1).mean() == pytest.approx(0.5, abs=0.03)


def test_mirroring_swaps_the_outermost_pixels() -> None:
    mirrored = moved([[0, 7], [200, 7]], mirror_probability=1.0)
    np.testing.assert_allclose(mirrored, [[200, 7], [0, 7]])


def test_mirroring_then_turning_turns_the_picture_not_the_mirror() -> None:
    both = moved([[110, 50]], mirror_probability=1.0, rotate_deg=(90, 90))
    np.testing.assert_allclose(both, [[100, 40]], atol=1e-9)


def test_draws_fill_their_ranges() -> None:
    motion = RandomMotion((-3, 3), (0.8, 1.25), (0.1, 0.2), 0.25)
    rng = np.random.default_rng(0)
    matrices = np.array([motion(rng, SHAPE) for _ in range(2000)])
    scales = np.hypot(matrices[:, 0, 1], matrices[:, 1, 1])
    turns = np.degrees(np.arctan2(-matrices[:, 0, 1], matrices[:, 1, 1]))
    shifts = matrices[:, :2, :2] @ [100.0, 50.0] + matrices[:, :2, 2] - [100.0, 50.0]
    for values, low, high in (
        (scales, 0.8, 1.25),
        (turns, -3, 3),
        (shifts[:, 0], -20.1, 20.1),
        (shifts[:, 1], -20.2, 20.2),
    ):
        slack = 0.01 * (high - low)
        assert low - 1e-9 <= values.min() <= low + slack
        assert high - slack <= values.max() <= high + 1e-9
    mirrored = (np.linalg.det(matrices) < 0).mean()
    assert mirrored == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rotate_deg": (3, -3)}, "rotate_deg must be a least and a greatest"),
        ({"rotate_deg": (1,)}, "rotate_deg must be"),
        ({"scale": (0, 1)}, "scale must be .* none below 0.001"),
        ({"scale": (1, np.nan)}, "scale must be"),
        ({"scale": (1, 1e300)}, "scale must be .* or above 1000, got"),
        ({"shift": (1e9, 0)}, "shift must be two shares from 0 to 1000"),
        ({"shift": (0.1, np.nan)}, "shift must be two shares"),
        ({"shift": (-0.1, 0)}, "shift must be two shares"),
        ({"shift": (0.1,)}, "shift must be two shares"),
        ({"mirror_probability": 1.5}, "mirror_probability must lie in"),
    ],
)
def test_values_outside_their_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RandomMotion(**options)

from typing import Any

import numpy as np
import pytest

from lanedet.simulation import Drive, make_scene, sample_scene
from lanedet.simulation.arguments import check_shape, check_whole
from lanedet.simulation.export.scene_files import SceneCollection

SHAPE = (72, 96)
WHOLE = r"a whole number \(int\), got"


def test_whole_numbers_in_their_range() -> None:
    check_whole("seed", 0, 0)
    check_whole("seed", 7, 0, 7)
    check_whole("seed", np.int64(7), 0, 7)
    with pytest.raises(ValueError, match=r"^seed must be at least 0, got -1\.$"):
        check_whole("seed", -1, 0)
    with pytest.raises(ValueError, match=r"^seed must be from 0 to 7, got 8\.$"):
        check_whole("seed", 8, 0, 7)


@pytest.mark.parametrize("value", [1.0, "1", None, True, float("nan"), [1]])
def test_what_is_no_whole_number(value: Any) -> None:
    for act in (
        lambda: check_whole("seed", value, 0),
        lambda: sample_scene(value, 0),
        lambda: sample_scene(0, value),
        lambda: make_scene(value, 0, SHAPE),
        lambda: SceneCollection(value, SHAPE),
        lambda: Drive(value, 3, 25.0, SHAPE),
    ):
        with pytest.raises(ValueError, match=WHOLE):
            act()


@pytest.mark.parametrize("shape", [(72.0, 96.0), (72, 96, 3), 72, None, ("72", "96")])
def test_what_is_no_shape(shape: Any) -> None:
    for act in (
        lambda: check_shape(shape),
        lambda: make_scene(0, 0, shape),
        lambda: SceneCollection(0, shape),
    ):
        with pytest.raises(ValueError, match=r"two whole numbers, \(H, W\), got"):
            act()


@pytest.mark.parametrize("shape", [(71, 96), (72, 95), (0, 0), (-72, 96)])
def test_too_small_a_shape(shape: tuple[int, int]) -> None:
    check_shape(SHAPE)
    with pytest.raises(ValueError, match=r"at least \(H, W\) = \(72, 96\) pixels, got"):
        check_shape(shape)


def test_too_large_a_shape() -> None:
    check_shape((8192, 8192))
    with pytest.raises(ValueError, match="at most 8192 pixels a side, got"):
        check_shape((288, 8193))

import numpy as np
import pytest

from lanedet.evaluation.functional.image_frame import (
    are_lanes_aside,
    are_too_many_aside,
    checked_image_shape,
    is_beyond_rows,
    is_low,
    outside_error,
)

CULANE = (590, 1640)


def test_rows_may_lie_as_far_out_as_a_drawn_lane_reaches() -> None:
    ys = np.array([-15.0, -14.7, 0.0, 590.0, 604.7, 605.0, 1070.0, np.nan, -np.inf])
    outside = [True, False, False, False, False, True, True, True, True]
    assert is_beyond_rows(ys, CULANE).tolist() == outside


@pytest.mark.parametrize(
    ("xs", "is_aside"),
    [
        ([1679.87, 1626.23], False),  # a label of CULane's
        ([1900.0, 1626.0], False),  # one point, as a spline may put it
        ([1749.0, 1740.0], False),
        ([1900.0, 1850.0, 1700.0], True),
        ([-500.0, -300.0, 20.0], True),
        ([-1e5, 700.0, 720.0], True),
        ([], False),
    ],
)
def test_lanes_aside(xs: list[float], is_aside: bool) -> None:
    beside = [100.0, 200.0]  # a lane before it and one behind it are not confused
    all_xs = np.array([*beside, *xs, *beside])
    starts = np.array([0, 2, 2 + len(xs), 4 + len(xs)])
    found = are_lanes_aside(all_xs, starts, CULANE)
    assert found.tolist() == [False, is_aside, False]


def test_a_hundredth_of_the_lanes_may_lie_aside() -> None:
    assert not are_too_many_aside(0, 0)
    assert not are_too_many_aside(10, 1000)
    assert are_too_many_aside(11, 1000)
    assert are_too_many_aside(1, 4)


def test_labels_of_smaller_images_end_high() -> None:
    assert is_low(319.0, CULANE)
    assert is_low(479.0, CULANE)  # of 640x480
    assert not is_low(539.0, CULANE)


@pytest.mark.parametrize(
    ("point", "hint"),
    [
        ((1900, 1070), "--shape 1080x1920 for"),
        ((1000, 719), "--shape 720x1280 for"),
        ((3000, 500), "--shape 2160x3840 for"),
        ((9e5, 500), "HEIGHTxWIDTH. If not"),
    ],
)
def test_the_error_names_a_size_that_fits(
    point: tuple[float, float], hint: str
) -> None:
    message = str(outside_error("here:", point, CULANE))
    assert hint in message
    assert "1640 pixels wide and 590 high. Up to 15 px" in message


@pytest.mark.parametrize("shape", [(0, 5), (590, 10**6), (590.5, 1640), (-590, 1640)])
def test_sizes_of_images_are_bounded(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="whole numbers from 16 to 65535"):
        checked_image_shape(shape)

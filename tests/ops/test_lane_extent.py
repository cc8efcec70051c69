import numpy as np
import pytest

from lanedet.ops import (
    LaneEnds,
    are_lanes_aside,
    are_too_many_aside,
    is_beyond_rows,
    lower_ends,
)

CULANE = (590, 1640)
SHAPE = (100, 200)
BOTTOM, LEFT, RIGHT, INSIDE = (90.0, 96.0), (9.0, 60.0), (192.0, 60.0), (90.0, 60.0)


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


def ends_of(
    *points: tuple[float, float], farthest_x: float = 190.0, times: int = 1
) -> LaneEnds:
    ends = LaneEnds()
    for _ in range(times):
        ends.add(np.array(points).reshape(-1, 2), farthest_x, SHAPE)
    return ends


def test_the_lower_end_is_the_first_or_the_last_point() -> None:
    down = np.array([[10.0, 20.0], [11.0, 30.0], [12.0, 99.0]])
    points = np.concatenate([down, down[::-1], down[:1], down[:2]])
    starts = np.array([0, 3, 6, 7, 7, 9])
    assert lower_ends(points, starts).tolist() == [2, 3, -1, -1, 8]
    assert lower_ends(np.zeros((0, 2)), np.array([0])).tolist() == []


def test_lanes_end_at_a_border_or_inside() -> None:
    ends = LaneEnds()
    points = np.array([BOTTOM, LEFT, RIGHT, INSIDE, (0.0, 99.0), (-30.0, 5.0)])
    inside = ends.add(points, 204.0, SHAPE)
    assert inside.tolist() == [False, False, False, True, False, False]
    assert ends == LaneEnds(2, 2, 1, 1, 1.02, 0.99)
    ends.add_counts(ends_of(BOTTOM, RIGHT, farthest_x=10))
    assert ends == LaneEnds(3, 2, 2, 1, 1.02, 0.99)
    assert ends.num_lanes == 8


def test_images_of_several_sizes_count_together() -> None:
    ends = ends_of(INSIDE)
    ends.add(np.array([INSIDE]), 90.0, (62, 180))
    assert (ends.num_inside, ends.num_bottom) == (1, 1)


@pytest.mark.parametrize(
    ("ends", "is_smaller"),
    [
        (ends_of(), False),
        (ends_of(INSIDE, times=3), False),
        (ends_of(INSIDE, times=4), True),
        (ends_of(*[LEFT] * 9, INSIDE, times=4), True),
        (ends_of(RIGHT, *[INSIDE] * 9), False),
        # Narrower: at the bottom, but never at the right.
        (ends_of(BOTTOM, INSIDE, times=4), True),
        (ends_of(*[BOTTOM] * 20, INSIDE, times=4), False),
        (ends_of(BOTTOM, times=40, farthest_x=149), True),
        (ends_of(BOTTOM, times=39, farthest_x=149), False),
        (ends_of(BOTTOM, times=40, farthest_x=151), False),
    ],
)
def test_lanes_that_end_inside_are_of_smaller_images(
    ends: LaneEnds, is_smaller: bool
) -> None:
    assert ends.are_of_smaller_images is is_smaller


def test_only_the_left_border_says_nothing() -> None:
    assert not ends_of(LEFT).are_within
    assert ends_of(LEFT, INSIDE).are_within
    assert not ends_of(RIGHT, INSIDE).are_within
    assert not ends_of(BOTTOM, INSIDE).are_within

import numpy as np
import pytest
from oracles import culane as oracle

from lanedet.evaluation.functional.culane.spline import trace_lane

LEAST = -(2**31)  # what x86 makes of a number that fits in no integer


def test_a_straight_lane_is_sampled_fifty_times_per_chord() -> None:
    lane = np.array([[0.0, 0.0], [100.0, 0.0], [200.0, 0.0]])
    assert trace_lane(lane).tolist() == [[2 * k, 0] for k in range(101)]


def test_lanes_of_two_points_are_not_bent_and_halves_round_to_even() -> None:
    lane = np.array([[0.5, 1.5], [2.5, -0.5]])
    assert trace_lane(lane).tolist() == [[0, 2], [2, 0]]


def test_numbers_that_fit_in_no_integer() -> None:
    lane = np.array([[1e300, -3e9], [2147483520.0, 7.0]])
    assert trace_lane(lane).tolist() == [[LEAST, LEAST], [2147483520, 7]]


def test_a_lane_that_repeats_a_point_has_only_its_last_one() -> None:
    lane = np.array([[1.0, 1.0], [2.0, 2.0], [2.0, 2.0], [9.0, 9.0]])
    assert trace_lane(lane).tolist() == [*[[LEAST, LEAST]] * 150, [9, 9]]


@pytest.mark.parametrize("seed", range(8))
def test_samples_are_those_of_the_plain_program(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lane = np.cumsum(rng.normal(0, 30, (rng.integers(3, 40), 2)), axis=0) + 400
    expected = [[oracle.pixel(x), oracle.pixel(y)] for x, y in oracle.curve(lane)]
    assert trace_lane(lane).tolist() == expected

from itertools import pairwise

import numpy as np
import pytest
from oracles import culane as oracle

from lanedet.arrays import FloatArray
from lanedet.evaluation.functional.culane.spline import trace_lanes

LEAST = -(2**31)  # what x86 makes of a number that fits in no integer


def traced(*lanes: FloatArray) -> list[list[list[int]]]:
    starts = np.cumsum([0, *(len(lane) for lane in lanes)])
    pixels, pixel_starts = trace_lanes(np.concatenate(lanes), starts)
    return [pixels[:, first:last].T.tolist() for first, last in pairwise(pixel_starts)]


def test_a_straight_lane_is_sampled_fifty_times_per_chord() -> None:
    lane = np.array([[0.0, 0.0], [100.0, 0.0], [200.0, 0.0]])
    (pixels,) = traced(lane)
    assert pixels == [[2 * k, 0] for k in range(101)]


def test_lanes_of_up_to_two_points_are_not_bent_and_halves_round_to_even() -> None:
    empty, one = np.empty((0, 2)), np.array([[5.0, 6.0]])
    two = np.array([[0.5, 1.5], [2.5, -0.5]])
    assert traced(empty, one, two) == [[], [], [[0, 2], [2, 0]]]


def test_numbers_that_fit_in_no_integer() -> None:
    two = np.array([[1e300, -3e9], [2147483520.0, 7.0]])
    twice = np.array([[1.0, 1.0], [2.0, 2.0], [2.0, 2.0], [9.0, 9.0]])
    wide, repeated = traced(two, twice)
    assert wide == [[LEAST, LEAST], [2147483520, 7]]
    assert repeated[:-1] == [[LEAST, LEAST]] * 150
    assert repeated[-1] == [9, 9]


@pytest.mark.parametrize("seed", range(8))
def test_samples_are_those_of_the_plain_program(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lane = np.cumsum(rng.normal(0, 30, (rng.integers(3, 40), 2)), axis=0) + 400
    (pixels,) = traced(lane)
    expected = [[oracle.pixel(x), oracle.pixel(y)] for x, y in oracle.curve(lane)]
    assert pixels == expected

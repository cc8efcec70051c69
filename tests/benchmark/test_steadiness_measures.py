"""Hand-worked courses of lanes, and how steady they are."""

from collections.abc import Sequence

import numpy as np
import pytest

from lanedet.arrays import FloatArray
from lanedet.benchmark.steadiness_measures import common_errors, measure_steadiness
from lanedet.structures import LaneSample

SHAPE = (100, 200)


def lane(x: float) -> FloatArray:
    return np.array([[x, 99.0], [x, 20.0]])


def sample(xs: Sequence[float], ids: Sequence[int] | None = None) -> LaneSample:
    frame = LaneSample(metainfo={"ori_shape": SHAPE})
    frame.pred_lanes = [lane(x) for x in xs]
    frame.pred_slots = list(range(len(xs)))
    if ids is not None:
        frame.pred_ids = ids
    return frame


def times(count: int) -> list[float]:
    return [0.5 * number for number in range(count)]


def test_a_lane_that_goes_to_and_fro() -> None:
    # One pixel to each side: (-1 - 1) / 2 - 1 = -2 from the line between neighbours,
    # over sqrt(1.5).
    frames = [sample([50 + (-1) ** k]) for k in range(9)]
    measured = measure_steadiness(frames, times(9))
    assert measured.jitter_px == pytest.approx(2 / np.sqrt(1.5))
    assert measured.flicker_per_min == measured.switches_per_min == 0
    assert np.isnan([measured.wobble_px, measured.error_px, measured.found]).all()


def test_noise_is_measured_as_its_standard_deviation() -> None:
    rng = np.random.default_rng(0)
    xs = 50 + rng.normal(0, 1.5, 2000)
    uneven = np.cumsum(rng.uniform(0.02, 0.2, 2000))
    measured = measure_steadiness([sample([x]) for x in xs], uneven)
    assert measured.jitter_px == pytest.approx(1.5, rel=0.1)


def test_even_movement_is_no_jitter() -> None:
    moments = np.array([0.0, 0.1, 0.4, 0.5, 1.1])
    frames = [sample([50 + 8 * moment]) for moment in moments]
    assert measure_steadiness(frames, moments).jitter_px == pytest.approx(0, abs=1e-9)


def test_what_the_truth_does_is_no_jitter() -> None:
    moves = [0.0, 3.0, -2.0, 4.0, 1.0]
    frames = [sample([50 + move + 2]) for move in moves]
    measured = measure_steadiness(frames, times(5), [[lane(50 + m)] for m in moves])
    assert measured.jitter_px == pytest.approx(0, abs=1e-9)
    assert measured.wobble_px == pytest.approx(0, abs=1e-9)
    assert measured.error_px == pytest.approx(2)
    assert (measured.found, measured.false) == (1.0, 0.0)


def test_wobble_is_what_differs_from_the_mean_of_a_second() -> None:
    # Frames half a second apart: with both neighbours, but at the ends with one.
    frames = [sample([50.0 + x]) for x in (0, 3, 0)]
    measured = measure_steadiness(frames, times(3), [[lane(50.0)]] * 3)
    assert measured.wobble_px == pytest.approx(np.sqrt((1.5**2 + 2**2 + 1.5**2) / 3))


def test_flicker_counts_both_ways_in_a_minute() -> None:
    # 30 s; the second lane is away in two frames one after the other.
    frames = [sample([50, 120] if k not in (20, 21) else [50]) for k in range(61)]
    measured = measure_steadiness(frames, times(61), [[lane(50), lane(120)]] * 61)
    assert measured.flicker_per_min == pytest.approx(4)
    assert measured.found == pytest.approx(1 - 2 / 122)


def test_a_jump_beyond_five_percent_of_the_width_is_another_lane() -> None:
    frames = [sample([50 + (11 if k > 5 else 0)]) for k in range(61)]
    assert measure_steadiness(frames, times(61)).flicker_per_min == pytest.approx(4)


def test_switches_of_slots_and_of_ids() -> None:
    slots = [sample([50, 120]), *[sample([20, 50, 120])] * 60]
    assert measure_steadiness(slots, times(61)).switches_per_min == pytest.approx(4)
    named = [sample([50, 120], [7, 8]), *[sample([20, 50, 120], [9, 7, 8])] * 60]
    assert measure_steadiness(named, times(61)).switches_per_min == 0


def test_a_true_lane_that_is_found_again_by_another_id() -> None:
    frames = [sample([50], [3]), sample([], []), sample([50], [4]), sample([50], [4])]
    truth = [[lane(50)]] * 4
    measured = measure_steadiness(frames, [0.0, 10.0, 20.0, 60.0], truth)
    assert measured.switches_per_min == pytest.approx(1)


def test_a_lane_that_is_none() -> None:
    truth = [[lane(50), lane(120)]] * 3
    measured = measure_steadiness([sample([50, 90])] * 3, times(3), truth)
    assert (measured.found, measured.false) == (0.5, 0.5)


def test_nothing_at_all() -> None:
    measured = measure_steadiness([sample([])] * 3, times(3), [[]] * 3)
    assert measured.flicker_per_min == 0
    assert np.isnan(measured.jitter_px)
    assert np.isnan(measured.found)


@pytest.mark.parametrize(
    "moments", [[0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 1.0, 2.0], [0.0, np.nan]]
)
def test_bad_times(moments: list[float]) -> None:
    num_frames = min(len(moments), 2)
    with pytest.raises(ValueError, match="at least two frames, each with a time"):
        measure_steadiness([sample([50])] * num_frames, moments)


def test_errors_where_both_have_a_lane() -> None:
    truth = [[lane(50), lane(120)], [lane(50), lane(120)]]
    one = [sample([53, 120]), sample([51])]
    # The second true lane is found in the first frame by both, in the next by one.
    other = [sample([52, 121]), sample([50, 128])]
    first, second = common_errors(one, other, truth)
    assert first == pytest.approx((3 + 0 + 1) / 3)
    assert second == pytest.approx((2 + 1 + 0) / 3)


def test_no_lane_that_both_have() -> None:
    assert np.isnan(common_errors([sample([50])], [sample([])], [[lane(50)]])).all()

"""Made-up detections with known jitter, gaps and swaps, and what becomes of them."""

from collections.abc import Sequence

import numpy as np
import pytest

from lanedet.arrays import FloatArray
from lanedet.ops import xs_at_rows
from lanedet.structures import LaneSample
from lanedet.video import FilterConfig, LaneTracker, TrackerConfig

SHAPE = (720, 1280)
ROWS = np.arange(710.0, 300.0, -10.0)
STEP_S = 0.04
FEET = (-350.0, 300.0, 950.0, 1600.0)


def lane(foot: float, offset: float = 0.0) -> FloatArray:
    """A straight lane from (foot, 720) towards (640, 260), inside the image."""
    xs = 640 + (foot - 640) * (ROWS - 260) / 460 + offset
    points = np.stack([xs, ROWS], axis=1)
    return points[(xs >= 0) & (xs <= SHAPE[1] - 1)]


def detections(
    lanes: Sequence[FloatArray],
    slots: Sequence[int] = (1, 2, 3, 4),
    scores: Sequence[float] | None = None,
    shape: tuple[int, int] = SHAPE,
) -> LaneSample:
    sample = LaneSample(metainfo={"ori_shape": shape, "raw_file": "7.jpg"})
    sample.pred_lanes = lanes
    sample.pred_slots = list(slots)[: len(lanes)]
    sample.pred_scores = scores or [0.9] * len(lanes)
    return sample


def road(offset: float = 0.0) -> LaneSample:
    return detections([lane(foot, offset) for foot in FEET])


def track(
    tracker: LaneTracker, samples: Sequence[LaneSample], begin_s: float = 0.0
) -> list[LaneSample]:
    return [
        tracker.update(sample, begin_s + STEP_S * number)
        for number, sample in enumerate(samples)
    ]


def xs_at(sample: LaneSample, number: int, y: float = 500.0) -> float:
    """x of the lane with this id."""
    points = sample.pred_lanes[sample.pred_ids.index(number)]
    return float(xs_at_rows(points, np.array([y]))[0])


def assert_same(one: LaneSample, other: LaneSample) -> None:
    assert one.pred_ids == other.pred_ids
    assert one.pred_slots == other.pred_slots
    assert one.pred_scores == other.pred_scores
    for lane_a, lane_b in zip(one.pred_lanes, other.pred_lanes, strict=True):
        np.testing.assert_array_equal(lane_a, lane_b)


def test_a_steady_input_stays_as_it_is() -> None:
    given = road()
    tracked = track(LaneTracker(6), [given] * 30)[-1]
    assert tracked.pred_ids == [0, 1, 2, 3]
    assert tracked.pred_slots == [1, 2, 3, 4]
    assert tracked.pred_names == ["left 2", "ego left", "ego right", "right 2"]
    assert tracked.pred_scores == pytest.approx([0.9] * 4)
    assert tracked.raw_file == "7.jpg"
    for was, now in zip(given.pred_lanes, tracked.pred_lanes, strict=True):
        np.testing.assert_allclose(now[[0, -1]], was[[0, -1]], atol=1e-6)
        xs = xs_at_rows(now, was[1:-1, 1])
        np.testing.assert_allclose(xs, was[1:-1, 0], atol=1e-6)
        assert (np.diff(now[:, 1]) < 0).all()  # bottom to top


def test_the_first_frame_shows_its_lanes_at_once() -> None:
    assert LaneTracker(6).update(road(), 12.5).pred_ids == [0, 1, 2, 3]


def test_the_input_is_left_alone() -> None:
    given = road(5.0)
    track(LaneTracker(6), [road(), given])
    np.testing.assert_array_equal(given.pred_lanes[1], lane(300.0, 5.0))
    assert "pred_ids" not in given


def test_jitter_is_cut() -> None:
    rng = np.random.default_rng(0)
    jitter = rng.normal(0, 3.0, 400)
    tracked = track(LaneTracker(6), [road(offset) for offset in jitter])
    after = np.array([xs_at(sample, 1) for sample in tracked])[50:]
    assert np.std(np.diff(after, 2)) < np.std(np.diff(jitter, 2)) / 5
    assert np.std(after) < np.std(jitter) / 1.5
    assert abs(after.mean() - xs_at_rows(lane(300.0), np.array([500.0]))[0]) < 0.5


@pytest.mark.parametrize("speed", [-120.0, 60.0])
def test_even_movement_is_followed_without_lag(speed: float) -> None:
    offsets = speed * STEP_S * np.arange(60)
    tracked = track(LaneTracker(6), [road(offset) for offset in offsets])
    truth = xs_at_rows(lane(300.0, offsets[-1]), np.array([500.0]))[0]
    assert xs_at(tracked[-1], 1) == pytest.approx(truth, abs=0.5)


def test_a_swap_of_the_order_does_not_swap_ids() -> None:
    straight, swapped = road(), road()
    swapped.pred_lanes = straight.pred_lanes[::-1]
    swapped.pred_slots = straight.pred_slots[::-1]
    tracked = track(LaneTracker(6), [straight, swapped] * 10)
    assert all(sample.pred_ids == [0, 1, 2, 3] for sample in tracked)
    assert all(sample.pred_slots == [1, 2, 3, 4] for sample in tracked)


def test_a_single_wrong_slot_is_outvoted() -> None:
    wrong = road()
    wrong.pred_slots = [0, 1, 2, 3]
    samples = [*[road()] * 10, wrong, *[road()] * 10]
    tracked = track(LaneTracker(6), samples)
    assert {tuple(sample.pred_slots) for sample in tracked} == {(1, 2, 3, 4)}


def test_a_lane_change_shifts_slots_once_and_keeps_ids() -> None:
    samples = []
    for moved in np.linspace(0, 1, 75):
        feet = np.array([*FEET, 2250.0]) - 650 * moved
        lanes = [lane(foot) for foot in feet]
        inside = [k for k, points in enumerate(lanes) if len(points) > 10]
        first = 0 if moved > 0.5 else 1
        slots = [first + k for k in inside if first + k < 6]
        samples.append(detections([lanes[k] for k in inside][: len(slots)], slots))
    tracked = track(LaneTracker(6), samples)
    slots_of_id = [
        dict(zip(sample.pred_ids, sample.pred_slots, strict=True)) for sample in tracked
    ]
    for number, slots in ((1, (2, 1)), (2, (3, 2)), (3, (4, 3))):
        history = [frame[number] for frame in slots_of_id if number in frame]
        assert (history[0], history[-1]) == slots
        assert np.count_nonzero(np.diff(history)) == 1
    assert all(
        list(frame.values()) == sorted(set(frame.values())) for frame in slots_of_id
    )


def test_a_short_gap_is_bridged_with_a_falling_score() -> None:
    rest = detections([lane(foot) for foot in FEET[1:]], (2, 3, 4))
    samples = [*[road()] * 20, *[rest] * 8, *[road()] * 5]
    tracked = track(LaneTracker(6), samples)
    assert all(sample.pred_ids == [0, 1, 2, 3] for sample in tracked)
    scores = np.array([sample.pred_scores[0] for sample in tracked])
    assert (np.diff(scores[19:28]) < 0).all()
    assert (np.diff(scores[27:]) > 0).all()


def test_a_lane_moves_on_in_a_gap() -> None:
    moving = [road(4.0 * number) for number in range(30)]
    tracked = track(LaneTracker(6), [*moving, *[detections([])] * 3])
    assert xs_at(tracked[-1], 1) - xs_at(tracked[-4], 1) == pytest.approx(12, abs=4)


def test_a_lane_that_is_gone_disappears() -> None:
    rest = detections([lane(foot) for foot in FEET[1:]], (2, 3, 4))
    tracked = track(LaneTracker(6), [*[road()] * 20, *[rest] * 25])
    assert tracked[-1].pred_ids == [1, 2, 3]


def test_a_lane_that_flashes_up_is_not_shown() -> None:
    three = detections([lane(foot) for foot in FEET[1:]], (2, 3, 4))
    tracked = track(LaneTracker(6), [three, *[three, three, road()] * 20])
    assert {tuple(sample.pred_ids) for sample in tracked} == {(0, 1, 2)}


def test_a_lane_that_stays_is_shown_soon() -> None:
    three = detections([lane(foot) for foot in FEET[1:]], (2, 3, 4))
    tracked = track(LaneTracker(6), [*[three] * 10, *[road()] * 12])
    assert tracked[10].pred_ids == [0, 1, 2]
    assert tracked[-1].pred_ids == [3, 0, 1, 2]


def test_a_second_detection_of_one_lane_makes_no_lane() -> None:
    doubled = detections([lane(300.0), lane(300.0, 8.0), lane(950.0)], (1, 2, 3))
    two = detections([lane(300.0), lane(950.0)], (2, 3))
    tracked = track(LaneTracker(6), [two, *[doubled] * 30])
    assert tracked[-1].pred_ids == [0, 1]


def test_how_far_a_lane_leads_outside_of_the_image_does_not_matter() -> None:
    # It leaves the image on row 400; on the rows below, detections are at the border.
    far = np.array([[-600.0, 520.0], [0.0, 400.0], [600.0, 280.0]])
    near = np.array([[2.0, 520.0], [0.0, 400.0], [600.0, 280.0]])
    samples = [detections([far])] * 25 + [detections([near])] * 25
    tracked = track(LaneTracker(6), samples)
    assert [sample.pred_ids for sample in tracked] == [[0]] * 50


def test_the_far_end_does_not_wave() -> None:
    short = detections([lane(foot)[:-8] for foot in FEET])
    samples = [short if number % 2 else road() for number in range(60)]
    tops = [sample.pred_lanes[1][-1, 1] for sample in track(LaneTracker(6), samples)]
    assert np.ptp(tops[30:]) < 80 / 5
    assert 310 < np.mean(tops[30:]) < 390


def test_one_row_that_is_far_off_hardly_moves_the_lane() -> None:
    hooked = road()
    hooked.pred_lanes[1][5, 0] += 200
    tracked = track(LaneTracker(6), [*[road()] * 20, hooked])
    apart = xs_at_rows(tracked[-1].pred_lanes[1], ROWS) - lane(300.0)[:, 0]
    assert np.nanmax(np.abs(apart)) < 20


@pytest.mark.parametrize("every", [3, 10])
def test_frames_may_be_left_out(every: int) -> None:
    tracker = LaneTracker(6)
    for number in range(0, 100, every):
        moved = road(1.5 * number)
        tracked = tracker.update(moved, STEP_S * number)
        assert tracked.pred_ids == [0, 1, 2, 3]
    apart = xs_at(tracked, 1) - xs_at_rows(moved.pred_lanes[1], np.array([500.0]))[0]
    assert abs(apart) < 2


def test_irregular_times() -> None:
    rng = np.random.default_rng(1)
    tracker = LaneTracker(6)
    for time_s in np.cumsum(rng.uniform(0.0, 0.15, 60)):
        offset = 40.0 * time_s
        tracked = tracker.update(road(offset), time_s)
    truth = xs_at_rows(lane(300.0, offset), np.array([500.0]))[0]
    assert xs_at(tracked, 1) == pytest.approx(truth, abs=0.5)


@pytest.mark.parametrize(
    "time_s",
    [pytest.param(0.1, id="time goes back"), pytest.param(9.0, id="a long step")],
)
def test_a_break_in_time_begins_anew(time_s: float) -> None:
    tracker = LaneTracker(6)
    track(tracker, [road()] * 10)
    moved = tracker.update(road(20.0), time_s)
    assert moved.pred_ids == [4, 5, 6, 7]
    np.testing.assert_allclose(moved.pred_lanes[1][0], lane(300.0, 20.0)[0])


def test_the_same_time_twice_changes_nothing_much() -> None:
    tracker = LaneTracker(6)
    track(tracker, [road()] * 10)
    before = tracker.update(road(), 1.0)
    again = tracker.update(road(), 1.0)
    assert again.pred_ids == before.pred_ids
    assert xs_at(again, 1) == pytest.approx(xs_at(before, 1))


def test_a_cut_begins_anew() -> None:
    tracker = LaneTracker(6)
    track(tracker, [road()] * 20)
    elsewhere = detections([lane(0.0), lane(640.0), lane(1280.0)], (1, 2, 3))
    assert tracker.update(elsewhere, 0.8).pred_ids == [4, 5, 6]


def test_another_size_begins_anew() -> None:
    tracker = LaneTracker(6)
    track(tracker, [road()] * 20)
    halves = [points / 2 for points in road().pred_lanes]
    tracked = tracker.update(detections(halves, shape=(360, 640)), 0.8)
    assert tracked.pred_ids == [4, 5, 6, 7]


def test_reset_leaves_nothing_behind() -> None:
    rng = np.random.default_rng(2)
    samples = [road(offset) for offset in rng.normal(0, 3, 20)]
    used, fresh = LaneTracker(6), LaneTracker(6)
    track(used, [road(50.0), detections([])] * 5, begin_s=100.0)
    used.reset()
    for one, other in zip(track(used, samples), track(fresh, samples), strict=True):
        assert_same(one, other)


def test_a_mirrored_road_gives_mirrored_lanes() -> None:
    rng = np.random.default_rng(3)
    samples, mirrored = [], []
    for _ in range(40):
        lanes = [lane(foot, rng.normal(0, 3)) for foot in FEET if rng.uniform() < 0.8]
        feet = [points[-1, 0] for points in lanes]
        slots = [1 + int(np.searchsorted([520, 640, 760], foot)) for foot in feet]
        samples.append(detections(lanes, slots))
        flipped = [points * [-1, 1] + [SHAPE[1] - 1, 0] for points in lanes[::-1]]
        mirrored.append(detections(flipped, [5 - slot for slot in slots[::-1]]))
    for one, other in zip(
        track(LaneTracker(6), samples), track(LaneTracker(6), mirrored), strict=True
    ):
        assert one.pred_slots == [5 - slot for slot in other.pred_slots[::-1]]
        assert one.pred_scores == pytest.approx(other.pred_scores[::-1])
        for lane_a, lane_b in zip(one.pred_lanes, other.pred_lanes[::-1], strict=True):
            flipped = lane_b * [-1, 1] + [SHAPE[1] - 1, 0]
            np.testing.assert_allclose(lane_a, flipped, atol=1e-6)


def test_sizes_do_not_matter() -> None:
    small, large = LaneTracker(6), LaneTracker(6)
    rng = np.random.default_rng(4)
    for number in range(20):
        sample = road(rng.normal(0, 3))
        doubled = [2 * points for points in sample.pred_lanes]
        a = small.update(sample, STEP_S * number)
        b = large.update(detections(doubled, shape=(1440, 2560)), STEP_S * number)
    for lane_a, lane_b in zip(a.pred_lanes, b.pred_lanes, strict=True):
        np.testing.assert_allclose(2 * lane_a[:-1], lane_b[:-1], atol=1e-6)


def test_lanes_stay_inside_the_image() -> None:
    samples = [road(-10.0 * number) for number in range(40)]
    for sample in track(LaneTracker(6), samples):
        for points in sample.pred_lanes:
            assert (points >= 0).all()
            assert (points <= [SHAPE[1] - 1, SHAPE[0] - 1]).all()


def test_no_lanes_at_all() -> None:
    tracked = track(LaneTracker(6), [detections([])] * 3)[-1]
    assert tracked.pred_lanes == tracked.pred_ids == []


def test_there_are_never_more_lanes_than_slots() -> None:
    samples = [detections([lane(300.0), lane(950.0)], (0, 1))] * 10
    samples += [detections([lane(0.0), lane(640.0)], (0, 1))] * 10
    for sample in track(LaneTracker(2), samples):
        assert len(sample.pred_lanes) <= 2
        assert sample.pred_slots == sorted(set(sample.pred_slots))


@pytest.mark.parametrize("time_s", [float("nan"), float("inf")])
def test_a_time_that_is_none(time_s: float) -> None:
    with pytest.raises(ValueError, match="time_s must be finite, got"):
        LaneTracker(6).update(road(), time_s)


def test_a_lane_without_slot() -> None:
    sample = road()
    sample.pred_slots = [1, 2, 3]
    with pytest.raises(ValueError, match="4 lanes, 4 scores and 3 slots"):
        LaneTracker(6).update(sample, 0.0)


def test_a_slot_that_there_is_not() -> None:
    with pytest.raises(ValueError, match=r"Slots must lie in \[0, 4\)"):
        LaneTracker(4).update(road(), 0.0)


def test_points_that_are_nowhere() -> None:
    sample = detections([lane(300.0) * np.nan], (2,))
    with pytest.raises(ValueError, match="must be finite, got NaN"):
        LaneTracker(6).update(sample, 0.0)


def test_lanes_without_height_are_left_out() -> None:
    flat = np.array([[100.0, 500.0], [300.0, 500.0]])
    sample = detections([flat, flat[:1], lane(300.0)], (0, 1, 2))
    assert LaneTracker(6).update(sample, 0.0).pred_slots == [2]


def test_no_slots() -> None:
    with pytest.raises(ValueError, match="num_slots must be at least 1, got 0"):
        LaneTracker(0)


@pytest.mark.parametrize("name", ["gate", "presence_s", "forget"])
def test_config_numbers_must_be_positive(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be positive, got 0"):
        TrackerConfig(**{name: 0})


def test_presences_must_be_in_order() -> None:
    with pytest.raises(ValueError, match=r"must rise and stay below 1, got 0.03, 0.7"):
        TrackerConfig(disappear=0.7)


def test_filter_numbers_must_be_positive() -> None:
    with pytest.raises(ValueError, match="noise must be positive, got nan"):
        FilterConfig(noise=float("nan"))

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanedet.arrays import FloatArray
from lanedet.formats.tusimple import read_tusimple_labels
from lanedet.ops import assign_slots, lane_angle, slot_name, slots_under_camera
from lanedet.structures import LaneSample

FIXTURES = (
    Path(__file__).resolve().parents[2] / ".." / "shared" / "fixtures" / "tusimple"
)
needs_fixtures = pytest.mark.skipif(
    not FIXTURES.is_dir(), reason="the benchmark's labels are not at ../shared"
)

VANISHING_POINT = (640.0, 300.0)


def lane_to(bottom_x: float) -> FloatArray:
    return np.array([VANISHING_POINT, (bottom_x, 700.0)])


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([[0.0, 100.0], [100.0, 0.0]], 45.0),
        ([[100.0, 0.0], [0.0, 100.0]], 45.0),  # the order of points does not matter
        ([[0.0, 0.0], [100.0, 100.0]], 135.0),
        ([[5.0, 0.0], [5.0, 100.0]], 90.0),
        ([[0.0, 50.0], [100.0, 50.0]], 0.0),
        ([[100.0, 50.0], [0.0, 50.0]], 0.0),
        ([[0.0, 100.0], [900.0, 50.0], [100.0, 0.0]], 45.0),  # only the ends count
    ],
)
def test_angle(points: list[list[float]], expected: float) -> None:
    assert lane_angle(np.array(points)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("bottoms", "num_slots", "expected"),
    [
        pytest.param([300, 1000], 6, [2, 3], id="ego lane"),
        pytest.param([1000, 300], 6, [3, 2], id="any order"),
        pytest.param([-900, -300, 300, 1000, 1600, 2200], 6, [0, 1, 2, 3, 4, 5]),
        pytest.param([-900, -300, 300, 1000, 1600], 4, [None, 0, 1, 2, 3], id="full"),
        pytest.param([300], 6, [2], id="left only"),
        pytest.param([1000], 6, [3], id="right only"),
        pytest.param([640], 6, [2], id="upright is left"),
        pytest.param([300, 1000], 1, [None, 0], id="one slot is on the right"),
        pytest.param([300, 1000, 1600], 3, [0, 1, 2], id="odd number"),
        pytest.param([], 6, [], id="no lane"),
    ],
)
def test_slots(
    bottoms: list[float], num_slots: int, expected: list[int | None]
) -> None:
    lanes = [lane_to(bottom) for bottom in bottoms]
    assert assign_slots(lanes, num_slots) == expected


def test_lanes_of_fewer_than_two_points_have_no_slot_and_take_none() -> None:
    lanes = [np.empty((0, 2)), lane_to(300), lane_to(0)[:1], lane_to(1000)]
    assert assign_slots(lanes, 6) == [None, 2, None, 3]


@pytest.mark.parametrize("num_slots", [0, -1])
def test_at_least_one_slot_is_needed(num_slots: int) -> None:
    with pytest.raises(ValueError, match="num_slots must be at least 1"):
        assign_slots([], num_slots)


@settings(max_examples=50, deadline=None)
@given(
    bottoms=st.lists(st.integers(-2000, 3000), max_size=8, unique=True),
    num_slots=st.integers(1, 8),
    data=st.data(),
)
def test_slots_run_from_left_to_right_once_each(
    bottoms: list[int], num_slots: int, data: st.DataObject
) -> None:
    slots = assign_slots([lane_to(bottom) for bottom in sorted(bottoms)], num_slots)
    taken = [slot for slot in slots if slot is not None]
    assert taken == sorted(set(taken))
    assert all(0 <= slot < num_slots for slot in taken)

    shuffled = data.draw(st.permutations(sorted(bottoms)))
    of_bottom = dict(zip(sorted(bottoms), slots, strict=True))
    again = assign_slots([lane_to(bottom) for bottom in shuffled], num_slots)
    assert again == [of_bottom[bottom] for bottom in shuffled]


@settings(max_examples=50, deadline=None)
@given(bottoms=st.lists(st.integers(-2000, 3000), max_size=6, unique=True))
def test_a_mirrored_road_has_mirrored_slots(bottoms: list[int]) -> None:
    bottoms = [bottom for bottom in bottoms if bottom != VANISHING_POINT[0]]
    lanes = [lane_to(bottom) for bottom in bottoms]
    mirrored = [lane * [-1.0, 1.0] for lane in lanes]
    expected = [None if s is None else 5 - s for s in assign_slots(lanes, 6)]
    assert assign_slots(mirrored, 6) == expected


@cache
def labelled_frames(*dates: str) -> list[LaneSample]:
    """Frames of TuSimple's training set; all dates together have 3,626."""
    return [
        sample
        for date in dates
        for sample in read_tusimple_labels(
            FIXTURES / f"label_data_{date}.json", FIXTURES
        )
    ]


ALL_DATES = ("0313", "0531", "0601")


@needs_fixtures
@pytest.mark.parametrize(
    ("dates", "num_frames", "num_agreed"),
    [
        (("0531", "0601"), 768, 755),
        pytest.param(ALL_DATES, 3626, 3598, marks=pytest.mark.slow),
    ],
)
def test_slots_agree_with_the_existence_flags_of_sads_authors(
    dates: tuple[str, ...], num_frames: int, num_agreed: int
) -> None:
    listed: dict[str, list[bool]] = {}
    for part in ("train", "val"):
        for line in (FIXTURES / f"list6_{part}.txt").read_text().splitlines():
            image, _, *flags = line.split()
            listed[image.lstrip("/")] = [flag == "1" for flag in flags]
    agreed, frames = 0, labelled_frames(*dates)
    for sample in frames:
        slots = assign_slots(sample.gt_lanes, 6)
        exists = [False] * 6
        for lane, slot in zip(sample.gt_lanes, slots, strict=True):
            if slot is not None and len(lane) >= 4:
                exists[slot] = True
        agreed += exists == listed.pop(sample.raw_file)
    assert len(listed) == 3626 - len(frames)
    assert (agreed, len(frames)) == (num_agreed, num_frames)


def bent_lane(lateral_m: float, bend_px: float) -> FloatArray:
    """A line seen from 1.5 m above the road, bent to the right by ``bend_px`` where it
    is 50 px below the horizon, and less the nearer it is."""
    ys = np.arange(700.0, 330.0, -10.0)
    below = ys - 300
    xs = 640 + lateral_m / 1.5 * below + bend_px * 50 / below
    return np.stack([xs, ys], axis=1)


@pytest.mark.parametrize("bend_px", [-900.0, -300.0, 0.0, 300.0, 900.0])
@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_in_bends_the_own_lane_is_the_one_under_the_camera(
    bend_px: float, shift: int
) -> None:
    lanes = [bent_lane(lateral, bend_px) for lateral in (-5.0, -1.5, 2.0, 5.5)]
    found = [1 + shift, 2 + shift, 3 + shift, 4 + shift]
    assert slots_under_camera(lanes, found, 720, 6) == [1, 2, 3, 4]
    assert slots_under_camera(lanes[::-1], found, 720, 6) == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("laterals", "found", "expected"),
    [
        pytest.param([-5.0, 2.0], [1, 3], [1, 3], id="the left line is missing"),
        pytest.param([-5.0, 2.0], [0, 2], [1, 3], id="missing, and all moved"),
        pytest.param([-1.5, 5.5], [2, 4], [2, 4], id="the right line is missing"),
        pytest.param([2.0], [2], [3], id="one line on the right"),
        pytest.param([-1.5, 2.0], [3, 2], [2, 3], id="exchanged"),
        pytest.param([-1.5, 2.0], [2, 2], [3, 3], id="one slot for two"),
        pytest.param([-8.0, -5.0, -1.5], [3, 4, 5], [0, 1, 2], id="all the way"),
        pytest.param([1.0, 2.0, 5.0, 8.0], [2, 3, 4, 5], [2, 3, 4, 5], id="no room"),
        pytest.param([], [], [], id="no lane"),
    ],
)
def test_lanes_that_are_missing_keep_their_gaps(
    laterals: list[float], found: list[int], expected: list[int]
) -> None:
    lanes = [bent_lane(lateral, 0.0) for lateral in laterals]
    assert slots_under_camera(lanes, found, 720, 6) == expected


def test_lanes_that_share_no_row_are_ordered_by_where_they_lead() -> None:
    near, far = bent_lane(-1.5, 0.0)[:10], bent_lane(-5.0, 0.0)[20:]
    assert slots_under_camera([near, far], [1, 2], 720, 6) == [2, 1]


def test_mirrored_lanes_have_mirrored_slots() -> None:
    lanes = [bent_lane(lateral, 300.0) for lateral in (-5.0, -1.5, 2.0)]
    mirrored = [lane * [-1.0, 1.0] + [1279.0, 0.0] for lane in lanes]
    slots = slots_under_camera(lanes, [0, 1, 3], 720, 6)
    assert slots == [0, 1, 3]
    assert slots_under_camera(mirrored, [5, 4, 2], 720, 6) == [5, 4, 2]


@pytest.mark.parametrize(
    "lane",
    [
        pytest.param([[300.0, 700.0], [600.0, 300.0]], id="two points"),
        pytest.param([[300.0, 700.0], [310.0, 700.0]], id="no height"),
    ],
)
def test_a_lane_of_two_points_keeps_its_slot(lane: list[list[float]]) -> None:
    assert slots_under_camera([np.array(lane)], [2], 720, 6) == [2]


def test_every_lane_needs_a_slot_that_there_is() -> None:
    with pytest.raises(ValueError, match="got 1 lanes, 2 slots"):
        slots_under_camera([lane_to(300)], [2, 3], 720, 6)
    with pytest.raises(ValueError, match=r"must lie in \[0, 6\), got \[6\]"):
        slots_under_camera([lane_to(300)], [6], 720, 6)


@needs_fixtures
@pytest.mark.parametrize(
    ("dates", "num_agreed"),
    [
        (("0531", "0601"), 759),
        pytest.param(ALL_DATES, 3604, marks=pytest.mark.slow),
    ],
)
def test_on_real_roads_the_camera_agrees_with_the_angles(
    dates: tuple[str, ...], num_agreed: int
) -> None:
    """In 13 of the other 22 of all frames the camera is within 0.3 m of a line."""
    agreed = 0
    for sample in labelled_frames(*dates):
        dealt = assign_slots(sample.gt_lanes, 6)
        known = [(n, slot) for n, slot in enumerate(dealt) if slot is not None]
        lanes, slots = [sample.gt_lanes[n] for n, _ in known], [s for _, s in known]
        agreed += slots_under_camera(lanes, slots, 720, 6) == slots
    assert agreed == num_agreed


@pytest.mark.parametrize("num_slots", [1, 2, 4, 5, 6])
def test_slots_have_names_of_their_own(num_slots: int) -> None:
    names = [slot_name(slot, num_slots) for slot in range(num_slots)]
    assert len(set(names)) == num_slots
    middle = num_slots // 2
    assert names[middle] == "ego right"
    assert all("left" in name for name in names[:middle])
    assert names[:middle][-1:] == ["ego left"][:middle]

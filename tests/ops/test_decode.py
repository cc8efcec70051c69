import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lanedet.arrays import FloatArray
from lanedet.evaluation.functional.tusimple import evaluate_image, mean_score
from lanedet.ops import (
    LaneDecoder,
    LetterboxView,
    StretchView,
    ViewTransform,
    rasterize_lanes,
    resample_polyline,
    xs_at_rows,
)

TEST_LABELS = (
    Path(__file__).resolve().parents[2] / "../shared/fixtures/tusimple/test_label.json"
)
VIEWS = [
    pytest.param(StretchView((184, 320))((720, 1280)), id="TuSimple"),
    pytest.param(StretchView((144, 400), crop_top=0.4)((590, 1640)), id="CULane"),
    pytest.param(LetterboxView((192, 320))((360, 640)), id="bars above and below"),
    pytest.param(LetterboxView((192, 320))((720, 960)), id="bars at the sides"),
]
VIEW = StretchView((100, 200))((100, 200))  # input pixels are original pixels
ROWS = np.arange(100)
ALL = np.ones(6, dtype=np.float32)


def probs_of(
    lanes: list[FloatArray], view: ViewTransform, width: float = 5
) -> NDArray[np.float32]:
    """Return maps as a good network would: drawn lanes, a little blurred."""
    maps = []
    for lane in lanes:
        points = view.to_input(lane)
        drawn = rasterize_lanes([points], [0], view.input_shape, width)
        maps.append(cv2.GaussianBlur(drawn.astype(np.float32), (5, 5), 1.0))
    return np.stack(maps)


def curve(view: ViewTransform, bend: float) -> FloatArray:
    """Return a lane from the bottom to half the height of the network's view."""
    ys = np.linspace(0.5, 0.99, 40)
    xs = 0.5 + bend * (ys - 0.4) + 0.4 * bend * (ys - 0.5) ** 2
    top, _, left, right = view.place
    bottom = view.place[1]
    return view.to_original(
        np.stack([left + xs * (right - left), top + ys * (bottom - top)], axis=1)
    )


def upright(
    x: float, rows: NDArray[np.int64] = ROWS, value: float = 1.0
) -> NDArray[np.float32]:
    """Return a map with a line nine pixels wide, cut at the edges."""
    lane_map = np.zeros((100, 200), dtype=np.float32)
    lane_map[rows, max(round(x) - 4, 0) : round(x) + 5] = value
    return lane_map


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("bend", [-0.6, -0.3, 0.0, 0.5])
def test_a_drawn_lane_comes_back(view: ViewTransform, bend: float) -> None:
    lane = curve(view, bend)
    (decoded,) = LaneDecoder()(probs_of([lane], view), ALL[:1], view)

    # The drawing rounds its caps, so its ends are up to the line's width longer.
    low, high = lane[:, 1].min(), lane[:, 1].max()
    slack = 8 / view.scale[1]
    assert abs(decoded.points[-1, 1] - low) < slack
    assert abs(decoded.points[0, 1] - high) < slack
    rows = np.arange(low + slack, high - slack)
    errors = xs_at_rows(decoded.points, rows) - xs_at_rows(lane, rows)
    assert np.abs(errors).max() * view.scale[0] < 1.0  # input pixels
    assert abs(errors.mean()) * view.scale[0] < 0.25  # no systematic shift


@settings(max_examples=25, deadline=None)
@given(top_x=st.floats(20, 180), bottom_x=st.floats(20, 180))
def test_any_straight_lane_comes_back(top_x: float, bottom_x: float) -> None:
    lane = resample_polyline(np.array([[bottom_x, 99.0], [top_x, 20.0]]), 4.0)
    (decoded,) = LaneDecoder()(probs_of([lane], VIEW), ALL[:1], VIEW)
    rows = np.arange(30.0, 90.0)
    errors = xs_at_rows(decoded.points, rows) - xs_at_rows(lane, rows)
    assert np.abs(errors).max() < 1.0


def test_a_known_map() -> None:
    decoder = LaneDecoder(row_step=10)
    (lane,) = decoder(upright(50)[None] * 0.75, ALL[:1], VIEW)
    # Sampled on every tenth row from the lowest, and where it ends.
    expected = [[50.0, y] for y in (*range(99, 0, -10), 0)]
    np.testing.assert_allclose(lane.points, expected, atol=1e-5)
    assert lane.points.dtype == np.float64
    assert lane.score == pytest.approx(0.75)
    assert lane.slot == 0


def test_columns_are_refined_below_a_pixel() -> None:
    lane_map = np.zeros((100, 200), dtype=np.float32)
    lane_map[:, 50], lane_map[:, 51] = 0.8, 0.6
    (lane,) = LaneDecoder()(lane_map[None], ALL[:1], VIEW)
    # At half of the largest value, 0.4, the edges lie at 49.5 and 51 + 0.2 / 0.6.
    np.testing.assert_allclose(lane.points[:, 0], (49.5 + 51 + 1 / 3) / 2, atol=1e-5)


@pytest.mark.parametrize("width", [1, 3, 9, 17, 41])
@pytest.mark.parametrize("smoothing", [None, 1, 5, 9])
def test_a_flat_ridge_is_met_in_its_middle(width: int, smoothing: int | None) -> None:
    lane_map = np.zeros((100, 200), dtype=np.float32)
    lane_map[:, 100 - width // 2 : 101 + width // 2] = 1.0
    decoder = LaneDecoder(smoothing=smoothing, threshold=0.1)
    (lane,) = decoder(lane_map[None], ALL[:1], VIEW)
    np.testing.assert_allclose(lane.points[:, 0], 100, atol=1e-3)


def test_other_ridges_do_not_pull() -> None:
    lane_map = upright(50) + 0.8 * upright(80)
    (lane,) = LaneDecoder()(lane_map[None], ALL[:1], VIEW)
    np.testing.assert_allclose(lane.points[:, 0], 50, atol=1e-3)


@pytest.mark.parametrize("x", [1, 3, 196, 198])
def test_lanes_at_the_edge_are_found(x: int) -> None:
    # Half of the line may lie outside, so the middle of what is seen can be 2 px off.
    (lane,) = LaneDecoder()(upright(x)[None], ALL[:1], VIEW)
    np.testing.assert_allclose(lane.points[:, 0], x, atol=2.0)


def test_lanes_do_not_fade_where_the_image_ends() -> None:
    (lane,) = LaneDecoder(threshold=0.9)(upright(100)[None], ALL[:1], VIEW)
    assert lane.points[0, 1] == 99
    assert lane.score == pytest.approx(1.0)


def test_two_lanes_keep_their_slots() -> None:
    left, right = curve(VIEW, -0.6), curve(VIEW, 0.6)
    probs = np.zeros((6, 100, 200), dtype=np.float32)
    probs[[2, 3]] = probs_of([left, right], VIEW)
    lanes = LaneDecoder()(probs, ALL, VIEW)
    assert [lane.slot for lane in lanes] == [2, 3]
    assert lanes[0].points[0, 0] < 100 < lanes[1].points[0, 0]


def test_slots_that_do_not_exist_are_left_out() -> None:
    probs = np.stack([upright(50), upright(100), upright(150)])
    existence = np.array([0.49, 0.5, 1.0], dtype=np.float32)
    lanes = LaneDecoder()(probs, existence, VIEW)
    assert [lane.slot for lane in lanes] == [1, 2]
    strict = LaneDecoder(existence_threshold=1.0)
    assert [lane.slot for lane in strict(probs, existence, VIEW)] == [2]


def test_no_slot_exists() -> None:
    probs = upright(50)[None]
    assert LaneDecoder()(probs, np.zeros(1, dtype=np.float32), VIEW) == []


def test_an_empty_map_holds_no_lane() -> None:
    probs = np.zeros((6, 100, 200), dtype=np.float32)
    assert LaneDecoder()(probs, ALL, VIEW) == []


def test_faint_rows_are_left_out() -> None:
    lane_map = upright(50)
    lane_map[:40] *= 0.4
    (lane,) = LaneDecoder(threshold=0.5)(lane_map[None], ALL[:1], VIEW)
    assert lane.points[:, 1].min() >= 40
    assert LaneDecoder(threshold=0.5)(lane_map[None] * 0.4, ALL[:1], VIEW) == []


def test_small_gaps_stay_in_the_lane() -> None:
    rows = np.setdiff1d(ROWS, np.arange(40, 60))  # a fifth of the height
    (lane,) = LaneDecoder(max_gap=0.25)(upright(50, rows)[None], ALL[:1], VIEW)
    assert lane.points[:, 1].min() < 10
    assert lane.points[:, 1].max() > 90


@pytest.mark.parametrize(
    ("short", "long"),
    [((0, 25), (60, 100)), ((75, 100), (0, 40))],
    ids=["short one above", "short one below"],
)
def test_of_far_apart_pieces_the_longest_stays(
    short: tuple[int, int], long: tuple[int, int]
) -> None:
    lane_map = upright(50, np.arange(*short)) + upright(120, np.arange(*long))
    (lane,) = LaneDecoder(max_gap=0.25)(lane_map[None], ALL[:1], VIEW)
    np.testing.assert_allclose(lane.points[:, 0], 120, atol=1e-3)
    assert lane.points[:, 1].min() >= long[0] - 4
    assert lane.points[:, 1].max() <= long[1] + 4


def test_a_lane_does_not_jump_sideways() -> None:
    lane_map = upright(50, np.arange(0, 35)) + upright(120, np.arange(35, 100))
    (lane,) = LaneDecoder()(lane_map[None], ALL[:1], VIEW)
    np.testing.assert_allclose(lane.points[:, 0], 120, atol=1e-3)
    loose = LaneDecoder(max_slope=99, max_turn_deg=180)
    (lane,) = loose(lane_map[None], ALL[:1], VIEW)
    assert lane.points[:, 0].min() < 51


def drawn(*corners: tuple[float, float]) -> NDArray[np.float32]:
    """Return the map of a line through these points, five pixels wide."""
    lane = [np.array(corners)]
    return rasterize_lanes(lane, [0], VIEW.input_shape, 5).astype(np.float32)


def test_a_lane_does_not_turn_back() -> None:
    # Up to the right, then back to the left, without a gap or a jump.
    lane_map = drawn((20, 99), (100, 50), (20, 20))
    (lane,) = LaneDecoder()(lane_map[None], ALL[:1], VIEW)
    assert lane.points[:, 1].min() > 45
    loose = LaneDecoder(max_turn_deg=180)
    (lane,) = loose(lane_map[None], ALL[:1], VIEW)
    assert lane.points[:, 1].min() < 25


def test_a_lane_does_not_turn_back_over_a_gap() -> None:
    lane_map = drawn((20, 99), (100, 50)) + drawn((30, 38), (60, 22))
    (lane,) = LaneDecoder()(lane_map[None], ALL[:1], VIEW)
    assert lane.points[:, 1].min() > 45
    loose = LaneDecoder(max_turn_deg=180)
    (lane,) = loose(lane_map[None], ALL[:1], VIEW)
    assert lane.points[:, 1].min() < 30


def test_a_lane_that_has_left_the_picture_does_not_come_back() -> None:
    # It reaches the left border on row 60; below is a faint echo of another lane.
    leaving = drawn((90, 15), (0, 60))
    echo = upright(8, np.arange(72, 84), value=0.35)
    (lane,) = LaneDecoder(row_step=2)(np.maximum(leaving, echo)[None], ALL[:1], VIEW)
    assert lane.points[0, 1] <= 64
    assert lane.points[-1, 1] <= 20


def test_dashes_along_the_border_are_one_lane() -> None:
    rows = np.concatenate([np.arange(10, 40), np.arange(52, 80)])
    (lane,) = LaneDecoder(row_step=2)(upright(1, rows)[None], ALL[:1], VIEW)
    assert lane.points[0, 1] >= 76
    assert lane.points[-1, 1] <= 12


def test_a_dash_at_the_border_goes_on_above_a_gap() -> None:
    dashes = drawn((90, 15), (0, 60))
    dashes[36:46] = 0.0
    (lane,) = LaneDecoder(row_step=2)(dashes[None], ALL[:1], VIEW)
    assert lane.points[0, 1] >= 56
    assert lane.points[-1, 1] <= 20


@pytest.mark.parametrize(
    "corners",
    [
        pytest.param([(20, 99), (100, 50), (80, 10)], id="crest"),
        pytest.param([(20, 99), (100, 30), (88, 24)], id="noise at the end"),
    ],
)
def test_a_lane_may_bend(corners: list[tuple[float, float]]) -> None:
    (lane,) = LaneDecoder()(drawn(*corners)[None], ALL[:1], VIEW)
    assert lane.points[0, 1] > 95
    assert lane.points[-1, 1] < corners[-1][1] + 4


@pytest.mark.skipif(
    not TEST_LABELS.is_file(), reason="the benchmark's labels are not at ../shared"
)
@pytest.mark.parametrize(
    ("shape", "width", "smoothing", "row_step", "accuracy"),
    [
        ((368, 640), 8, None, 4, 0.997),
        ((160, 288), 5, None, 2, 0.992),
        ((368, 640), 8, 9, 4, 0.998),
        ((160, 288), 5, 5, 2, 0.988),
    ],
    ids=["large", "small", "large by the paper's rule", "small by the paper's rule"],
)
def test_the_published_lanes_come_back(
    shape: tuple[int, int],
    width: int,
    smoothing: int | None,
    row_step: int,
    accuracy: float,
) -> None:
    view = StretchView(shape)((720, 1280))
    decoder = LaneDecoder(smoothing=smoothing, row_step=row_step)
    scores = []
    for label in TEST_LABELS.read_text().splitlines()[::20]:
        record = json.loads(label)
        rows = np.array(record["h_samples"], dtype=np.float64)
        xs = np.array(record["lanes"], dtype=np.float64)
        lanes = [np.stack([lane, rows], axis=1)[lane >= 0] for lane in xs]
        drawings = [
            rasterize_lanes([view.to_input(lane)], [0], shape, width) for lane in lanes
        ]
        probs = np.stack(drawings).astype(np.float32)
        found = decoder(probs, np.ones(len(lanes), dtype=np.float32), view)
        found_xs = np.stack([xs_at_rows(lane.points, rows) for lane in found])
        gt_xs = np.where(xs >= 0, xs, np.nan)
        scores.append(evaluate_image(found_xs, gt_xs, rows))
    assert mean_score(scores).accuracy >= accuracy


def test_a_blob_is_no_lane() -> None:
    lane_map = upright(50, np.arange(40, 60))
    assert len(LaneDecoder(min_height=0.1)(lane_map[None], ALL[:1], VIEW)) == 1
    assert LaneDecoder(min_height=0.5)(lane_map[None], ALL[:1], VIEW) == []
    one_row = upright(50, np.array([99]))
    decoder = LaneDecoder(min_height=0.0)
    assert decoder(one_row[None], ALL[:1], VIEW) == []


def test_what_lies_in_the_padding_is_ignored() -> None:
    view = LetterboxView((100, 200))((100, 400))
    assert view.place == (25, 75, 0, 200)
    only_padding = upright(50, np.concatenate([np.arange(0, 20), np.arange(80, 100)]))
    assert LaneDecoder()(only_padding[None], ALL[:1], view) == []
    (lane,) = LaneDecoder()(upright(50)[None], ALL[:1], view)
    assert lane.points[:, 1].min() >= 0
    assert lane.points[:, 1].max() <= 99


def test_padding_at_the_sides_is_ignored() -> None:
    view = LetterboxView((100, 200))((100, 100))
    assert view.place == (0, 100, 50, 150)
    lane_map = upright(20) + 0.9 * upright(100)
    (lane,) = LaneDecoder()(lane_map[None], ALL[:1], view)
    assert lane.points[:, 0].min() >= 0
    assert LaneDecoder()(upright(20)[None], ALL[:1], view) == []


def test_points_run_from_the_bottom_to_the_top() -> None:
    (lane,) = LaneDecoder()(upright(50)[None], ALL[:1], VIEW)
    assert (np.diff(lane.points[:, 1]) < 0).all()


@pytest.mark.parametrize("shape", [(1, 100, 201), (1, 50, 200), (100, 200)])
def test_maps_must_cover_the_input(shape: tuple[int, ...]) -> None:
    probs = np.zeros(shape, dtype=np.float32)
    with pytest.raises(ValueError, match="lane_probs must cover the network input"):
        LaneDecoder()(probs, ALL[:1], VIEW)


@pytest.mark.parametrize("num_slots", [1, 3])
def test_every_map_needs_an_existence(num_slots: int) -> None:
    probs = np.stack([upright(50), upright(100)])
    with pytest.raises(ValueError, match="existence must have one value per map"):
        LaneDecoder()(probs, ALL[:num_slots], VIEW)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("threshold", 0.0, r"threshold must lie in \(0, 1\)"),
        ("threshold", 1.0, r"threshold must lie in \(0, 1\)"),
        ("existence_threshold", -0.1, "existence_threshold must lie in"),
        ("existence_threshold", 1.1, "existence_threshold must lie in"),
        ("smoothing", 4, "smoothing must be odd"),
        ("smoothing", -1, "smoothing must be odd"),
        ("row_step", 0, "row_step must be at least 1"),
        ("max_gap", -0.1, "max_gap and min_height must lie in"),
        ("min_height", 1.5, "max_gap and min_height must lie in"),
        ("max_slope", 0.0, "max_slope and max_turn_deg must be positive"),
    ],
)
def test_settings_out_of_range_are_refused(
    name: str, value: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        LaneDecoder(**{name: value})

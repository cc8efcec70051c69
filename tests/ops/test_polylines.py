import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lanedet.arrays import FloatArray
from lanedet.ops import (
    continue_to_border,
    resample_polyline,
    simplify_polyline,
    xs_at_rows,
)

polylines = st.integers(1, 12).flatmap(
    lambda n: arrays(np.float64, (n, 2), elements=st.integers(-500, 2000).map(float))
)


def length(points: FloatArray) -> float:
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


# --- xs_at_rows


@pytest.mark.parametrize("flip", [1, -1], ids=["downwards", "upwards"])
def test_a_lane_is_straight_between_its_points(flip: int) -> None:
    lane = np.array([[10.0, 100.0], [30.0, 120.0], [130.0, 140.0]])[::flip]
    rows = np.array([99.0, 100.0, 105.0, 120.0, 130.0, 140.0, 141.0])
    expected = [np.nan, 10.0, 15.0, 30.0, 80.0, 130.0, np.nan]
    np.testing.assert_allclose(xs_at_rows(lane, rows), expected)


def test_a_lane_without_points_crosses_no_row() -> None:
    assert np.isnan(xs_at_rows(np.empty((0, 2)), np.arange(3.0))).all()


def test_a_point_crosses_its_own_row() -> None:
    xs = xs_at_rows(np.array([[7.0, 1.0]]), np.arange(3.0))
    np.testing.assert_array_equal(xs, [np.nan, 7.0, np.nan])


def test_no_rows_give_no_xs() -> None:
    assert xs_at_rows(np.array([[7.0, 1.0]]), np.empty(0)).shape == (0,)


@settings(max_examples=50, deadline=None)
@given(lane=polylines, shift=st.integers(-300, 300))
def test_xs_lie_between_the_ends_and_move_with_the_lane(
    lane: FloatArray, shift: int
) -> None:
    rows = np.arange(-600.0, 2100.0, 25.0)
    xs = xs_at_rows(lane, rows)
    inside = (rows >= lane[:, 1].min()) & (rows <= lane[:, 1].max())
    np.testing.assert_array_equal(~np.isnan(xs), inside)
    assert (xs[inside] >= lane[:, 0].min() - 1e-9).all()
    assert (xs[inside] <= lane[:, 0].max() + 1e-9).all()
    moved = xs_at_rows(lane + np.array([shift, 0.0]), rows)
    np.testing.assert_allclose(moved, xs + shift, atol=1e-9)


# --- resample_polyline


def test_points_lie_at_equal_distances() -> None:
    corner = np.array([[0.0, 0.0], [0.0, 3.0], [4.0, 3.0]])
    points = resample_polyline(corner, spacing=1.0)
    expected = [[0, 0], [0, 1], [0, 2], [0, 3], [1, 3], [2, 3], [3, 3], [4, 3]]
    np.testing.assert_allclose(points, expected, atol=1e-12)


def test_spacing_wider_than_the_lane_keeps_the_ends() -> None:
    lane = np.array([[0.0, 0.0], [5.0, 5.0], [0.0, 10.0]])
    np.testing.assert_array_equal(resample_polyline(lane, 1e6), lane[[0, -1]])


@pytest.mark.parametrize(
    "lane",
    [np.empty((0, 2)), np.array([[3.0, 4.0]]), np.array([[3.0, 4.0], [3.0, 4.0]])],
    ids=["no point", "one point", "one point twice"],
)
def test_what_has_no_length_comes_back_as_a_copy(lane: FloatArray) -> None:
    points = resample_polyline(lane, 1.0)
    np.testing.assert_array_equal(points, lane)
    assert points is not lane


@pytest.mark.parametrize("spacing", [0.0, -1.0, np.nan])
def test_spacing_must_be_positive(spacing: float) -> None:
    with pytest.raises(ValueError, match="spacing must be positive"):
        resample_polyline(np.zeros((2, 2)), spacing)


@settings(max_examples=50, deadline=None)
@given(lane=polylines, spacing=st.floats(5.0, 300.0))
def test_ends_are_kept_and_steps_are_short_enough(
    lane: FloatArray, spacing: float
) -> None:
    points = resample_polyline(lane, spacing)
    np.testing.assert_allclose(points[[0, -1]], lane[[0, -1]], atol=1e-9)
    steps = np.hypot(*np.diff(points, axis=0).T) if len(points) > 1 else np.zeros(1)
    assert steps.max() <= spacing + 1e-6
    assert length(points) <= length(lane) + 1e-6


@settings(max_examples=50, deadline=None)
@given(
    ends=arrays(np.float64, (2, 2), elements=st.integers(-500, 2000).map(float)),
    spacing=st.floats(5.0, 300.0),
)
def test_a_straight_lane_keeps_its_length(ends: FloatArray, spacing: float) -> None:
    assert length(resample_polyline(ends, spacing)) == pytest.approx(length(ends))


# --- simplify_polyline


@given(polylines, st.floats(0, 50))
@example(lane=np.array([[1.0, 1.0], [0.0, 0.0], [1.0, 1.0]]), tolerance=0.0)
@example(lane=np.array([[9.0, 0], [4, 0], [0, 0], [0, 7], [9, 0]]), tolerance=0.5)
@example(lane=np.ones((4, 2)), tolerance=0.0)
@settings(max_examples=50)
def test_simplified_lines_stay_near_and_keep_their_ends(
    lane: FloatArray, tolerance: float
) -> None:
    simple = simplify_polyline(lane, tolerance)
    assert len(simple) <= len(lane)
    np.testing.assert_array_equal(simple[[0, -1]], lane[[0, -1]])
    # Not the distance to the line itself, but to points that are dense on it.
    dense = resample_polyline(simple, 1.0)
    distances = np.hypot(*(lane[:, None] - dense[None]).transpose(2, 0, 1)).min(axis=1)
    assert distances.max() <= tolerance + 0.6


def test_no_negative_tolerance() -> None:
    with pytest.raises(ValueError, match="tolerance must be at least 0"):
        simplify_polyline(np.zeros((3, 2)), -1.0)


# --- lanes that go on to the border


@pytest.mark.parametrize("flip", [1, -1], ids=["bottom first", "top first"])
def test_a_lane_goes_on_straight_to_the_lower_edge(flip: int) -> None:
    # The lowest tenth of 500 rows has slope -1; what lies above is of no account.
    lane = np.array([[200.0, 400.0], [225.0, 375.0], [250.0, 350.0], [900.0, 200.0]])
    longer = continue_to_border(lane[::flip], shape=(500, 1000))
    np.testing.assert_allclose(longer, [[100.0, 500.0], *lane], atol=1e-9)


@pytest.mark.parametrize(
    ("lane", "end"),
    [
        pytest.param([[60.0, 400.0], [160.0, 380.0]], [0.0, 412.0], id="left"),
        pytest.param([[950.0, 400.0], [850.0, 380.0]], [999.0, 409.8], id="right"),
    ],
)
def test_a_lane_ends_at_the_side_that_it_meets_first(
    lane: list[list[float]], end: list[float]
) -> None:
    longer = continue_to_border(np.array(lane), shape=(500, 1000))
    np.testing.assert_allclose(longer, [end, *lane], atol=1e-9)


def test_the_direction_is_that_of_all_points_of_the_lowest_piece() -> None:
    # Least squares through (0, 2), (10, 0), (20, 1) from above has slope -1/20.
    lane = np.array([[102.0, 480.0], [100.0, 470.0], [101.0, 460.0]])
    longer = continue_to_border(lane, shape=(500, 1000))
    np.testing.assert_allclose(longer[0], [102.0 + 20 / 20, 500.0], atol=1e-9)


@pytest.mark.parametrize(
    "lane",
    [
        pytest.param([[10.0, 500.0], [20.0, 400.0]], id="at the lower edge"),
        pytest.param([[0.0, 450.0], [20.0, 400.0]], id="at the left side"),
        pytest.param([[1010.0, 450.0], [900.0, 400.0]], id="beyond the right side"),
        pytest.param([[10.0, 400.0], [20.0, 400.0]], id="level"),
        pytest.param([[10.0, 400.0]], id="one point"),
    ],
)
def test_a_lane_that_cannot_go_on_stays(lane: list[list[float]]) -> None:
    points = np.array(lane)
    np.testing.assert_array_equal(continue_to_border(points, (500, 1000)), points)


def test_a_sparse_lane_goes_on_along_its_chord() -> None:
    lane = np.array([[100.0, 300.0], [150.0, 200.0]])
    longer = continue_to_border(lane, shape=(500, 1000))
    np.testing.assert_allclose(longer[0], [0.0, 500.0], atol=1e-9)


def test_no_points_stay_no_points() -> None:
    assert continue_to_border(np.empty((0, 2)), (500, 1000)).shape == (0, 2)

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanedet.arrays import FloatArray
from lanedet.evaluation.functional.culane import evaluate_image
from lanedet.ops import (
    StretchView,
    decode_line,
    encode_lines,
    line_rows,
    map_points,
    resize_matrix,
    xs_at_rows,
)
from lanedet.simulation.make import fit_lens, label_scene
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.sampling.sampler import sample_scene

SHAPE = (29, 60)
NUM_ROWS = 8  # 4 pixels from row to row


def encode(lane: list[tuple[float, float]]) -> FloatArray:
    """Return the one line of a lane."""
    [line] = encode_lines([np.array(lane, dtype=float)], SHAPE, NUM_ROWS)
    return line.astype(np.float64)


def is_no_line(lane: list[tuple[float, float]]) -> bool:
    points = np.array(lane, dtype=float).reshape(-1, 2)
    return encode_lines([points], SHAPE, NUM_ROWS).shape == (0, NUM_ROWS + 2)


# --- rows


def test_rows_reach_from_the_last_to_the_first_pixel() -> None:
    np.testing.assert_array_equal(line_rows(29, 8), [28, 24, 20, 16, 12, 8, 4, 0])


@pytest.mark.parametrize(("height", "num_rows"), [(1, 8), (29, 1)])
def test_one_row_or_one_pixel_is_too_little(height: int, num_rows: int) -> None:
    with pytest.raises(ValueError, match="must be at least 2"):
        line_rows(height, num_rows)


# --- encoding, by hand


def test_ends_are_fractions_of_a_row_and_x_goes_on_straight() -> None:
    # From y = 26, half a row above the bottom, to y = 10, half a row below row 5.
    line = encode([(10, 26), (26, 10)])
    np.testing.assert_allclose(line[:2], [0.5, 4.5])
    np.testing.assert_allclose(line[2:], [8, 12, 16, 20, 24, 28, 32, 36])


def test_beyond_an_end_a_bent_lane_passes_its_end_and_then_goes_on_straight() -> None:
    # Rows 2 and 3 are at y = 20 and 16. The last piece, to y = 14, leans left.
    line = encode([(10, 24), (10, 20), (14, 16), (12, 14)])
    np.testing.assert_allclose(line[:2], [1, 3.5])
    # By -2 to half a row beyond, so by -4 to row 4; then by 4 a row, as from 2 to 3.
    np.testing.assert_allclose(line[2:], [10, 10, 10, 14, 10, 14, 18, 22])


def test_points_below_and_above_the_image_are_cut_off() -> None:
    line = encode([(10, 48), (10, -20)])
    np.testing.assert_allclose(line, [0, 7, *[10] * 8])


def test_a_lane_ends_where_it_leaves_the_image() -> None:
    # It leaves at x = 59.5, half a pixel beyond the last one's centre.
    line = encode([(39.5, 28), (79.5, 8)])
    np.testing.assert_allclose(line[:2], [0, 2.5])
    np.testing.assert_allclose(line[2:], 39.5 + 8 * np.arange(8))


def test_a_lane_begins_where_it_enters_the_image() -> None:
    line = encode([(-20.5, 28), (19.5, 8)])
    np.testing.assert_allclose(line[:2], [2.5, 5])


def test_of_a_lane_that_leaves_twice_the_highest_piece_is_kept() -> None:
    # In sight for one row, out of it for two, and in sight again for four.
    line = encode([(57, 28), (57, 24), (67, 22), (67, 20), (52, 16), (52, 0)])
    np.testing.assert_allclose(line[0], 2.5)
    np.testing.assert_allclose(line[1], 7)


def test_of_a_lane_that_turns_back_the_highest_piece_is_kept() -> None:
    line = encode([(10, 28), (10, 8), (30, 20)])
    np.testing.assert_allclose(line, [0, 5, *[10] * 8])
    line = encode([(10, 16), (10, 8), (30, 28)])
    np.testing.assert_allclose(line[:2], [0, 5])
    np.testing.assert_allclose(line[2:8], [30, 26, 22, 18, 14, 10])


def test_of_points_on_one_row_the_lower_ones_neighbour_is_kept() -> None:
    doubled = [(10, 28), (10, 16), (30, 16), (30, 4)]
    line = encode(doubled)
    np.testing.assert_allclose(line[2 + 3], 10)  # y = 16
    np.testing.assert_array_equal(encode(doubled[::-1]), line)


def test_repeated_points_change_nothing() -> None:
    lane = [(10, 28), (20, 12), (12, 4)]
    twice = [point for point in lane for _ in range(2)]
    np.testing.assert_array_equal(encode(twice), encode(lane))


@pytest.mark.parametrize(
    "lane",
    [
        pytest.param([], id="no point"),
        pytest.param([(10, 20)], id="one point"),
        pytest.param([(10, 20), (10, 20)], id="one point twice"),
        pytest.param([(10, 20), (40, 20)], id="level"),
        pytest.param([(10, 23), (10, 17)], id="one row"),
        pytest.param([(10, 23), (10, 21)], id="between rows"),
        pytest.param([(70, 28), (70, 0)], id="right of the image"),
        pytest.param([(10, 90), (10, 40)], id="below the image"),
        pytest.param([(10, -40), (10, -90)], id="above the image"),
        pytest.param([(-60, 16), (10, 16.5), (80, 16)], id="across it"),
    ],
)
def test_what_crosses_fewer_than_two_rows_is_no_line(
    lane: list[tuple[float, float]],
) -> None:
    assert is_no_line(lane)


def test_two_rows_are_a_line() -> None:
    line = encode([(10, 24), (12, 20)])
    np.testing.assert_allclose(line[:2], [1, 2])
    np.testing.assert_allclose(line[2:], 8 + 2 * np.arange(8))


def test_lines_keep_the_order_of_their_lanes() -> None:
    lanes = [np.array([[x, 28.0], [x, 0.0]]) for x in (30.0, 10.0, 70.0, 20.0)]
    lines = encode_lines(lanes, SHAPE, NUM_ROWS)
    assert lines.dtype == np.float32
    np.testing.assert_array_equal(lines[:, 2], [30, 10, 20])


def test_no_lanes_are_no_lines() -> None:
    assert encode_lines([], SHAPE, NUM_ROWS).shape == (0, NUM_ROWS + 2)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_coordinates_must_be_finite(number: float) -> None:
    with pytest.raises(ValueError, match="must be finite"):
        encode_lines([np.array([[0.0, 0.0], [number, 9.0]])], SHAPE, NUM_ROWS)


# --- decoding


def test_a_line_of_whole_rows_has_a_point_on_each() -> None:
    points = decode_line(np.array([1, 3, *range(8)]), SHAPE)
    np.testing.assert_allclose(points, [[1, 24], [2, 20], [3, 16]])


def test_what_a_network_says_beyond_the_rows_and_the_image_is_cut_off() -> None:
    points = decode_line(np.array([-3, 12, *[55.5 + 2 * j for j in range(8)]]), SHAPE)
    np.testing.assert_allclose(points, [[55.5, 28], [57.5, 24], [59.5, 20]])


def test_a_line_ends_where_the_image_in_the_input_ends() -> None:
    line = np.array([0, 7, *[15.5 + 3 * j for j in range(8)]])
    points = decode_line(line, SHAPE, place=(4, 23, 10, 28))
    # Rows 4 pixels apart, 3 of x to each: in at y = 22, out at x = 27.5.
    np.testing.assert_allclose(
        points, [[20, 22], [21.5, 20], [24.5, 16], [27.5, 12]], atol=1e-9
    )


@pytest.mark.parametrize("ends", [(3, 3.9), (5, 2), (9, 12), (-4, -1)])
def test_a_line_of_less_than_a_row_has_no_points(ends: tuple[float, float]) -> None:
    assert decode_line(np.array([*ends, *[10] * 8]), SHAPE).shape == (0, 2)


def test_a_line_outside_of_the_image_has_no_points() -> None:
    assert decode_line(np.array([0, 7, *[90] * 8]), SHAPE).shape == (0, 2)


# --- there and back


@st.composite
def lanes_on_rows(draw: st.DrawFn) -> FloatArray:
    """Return lanes inside the image that bend on rows and end anywhere."""
    first = draw(st.integers(0, NUM_ROWS - 3))
    last = draw(st.integers(first + 2, NUM_ROWS - 1))
    count = last - first + 1
    xs = draw(st.lists(st.floats(0, SHAPE[1] - 1), min_size=count, max_size=count))
    points = np.stack([xs, line_rows(SHAPE[0], NUM_ROWS)[first : last + 1]], axis=1)
    for end, neighbour in ((0, 1), (-1, -2)):
        share = draw(st.sampled_from([0, 1e-7, 0.01, 0.5, 0.99]))
        if len(points) > 3:
            points[end] += share * (points[neighbour] - points[end])
    return points


@settings(deadline=None)
@given(lanes_on_rows())
def test_a_lane_that_bends_on_rows_comes_back(lane: FloatArray) -> None:
    points = decode_line(encode(lane.tolist()), SHAPE)
    np.testing.assert_allclose(points[[0, -1]], lane[[0, -1]], atol=1e-3)
    inner = points[1:-1]
    np.testing.assert_allclose(xs_at_rows(lane, inner[:, 1]), inner[:, 0], atol=1e-3)


random_lanes = st.lists(
    st.tuples(st.floats(-50, 110), st.floats(-20, 50)), min_size=0, max_size=9
)


@settings(deadline=None)
@given(random_lanes)
def test_the_mirrored_lane_is_the_mirrored_line(
    lane: list[tuple[float, float]],
) -> None:
    points = np.array(lane).reshape(-1, 2)
    mirrored = points * [-1, 1] + [SHAPE[1] - 1, 0]
    lines = encode_lines([points], SHAPE, NUM_ROWS).astype(float)
    others = encode_lines([mirrored], SHAPE, NUM_ROWS).astype(float)
    assert len(lines) == len(others)
    np.testing.assert_allclose(others[:, :2], lines[:, :2], atol=1e-5)
    inside = (np.arange(NUM_ROWS) >= lines[:, :1]) & (
        np.arange(NUM_ROWS) <= lines[:, 1:2]
    )
    np.testing.assert_allclose(
        others[:, 2:][inside], SHAPE[1] - 1 - lines[:, 2:][inside], atol=1e-3
    )


@settings(deadline=None)
@given(random_lanes)
def test_whatever_the_lane_its_line_is_finite_and_inside(
    lane: list[tuple[float, float]],
) -> None:
    points = np.array(lane).reshape(-1, 2)
    for line in encode_lines([points], SHAPE, NUM_ROWS):
        assert np.isfinite(line).all()
        assert 0 <= line[0] < line[1] <= NUM_ROWS - 1
        decoded = decode_line(line, SHAPE)
        assert len(decoded) >= 2
        assert (np.diff(decoded[:, 1]) < 0).all()
        assert (decoded[:, 0] >= -0.5 - 1e-3).all()
        assert (decoded[:, 0] <= SHAPE[1] - 0.5 + 1e-3).all()


@pytest.mark.parametrize(
    ("shape", "num_rows"), [((288, 800), 72), ((64, 176), 36)], ids=["large", "small"]
)
@pytest.mark.parametrize("category", ["normal", "curve"])
def test_drawn_lanes_come_back_as_the_benchmark_wants_them(
    category: str, shape: tuple[int, int], num_rows: int
) -> None:
    ori_shape = (288, 800)
    view, to_culane = (
        StretchView(shape)(ori_shape),
        resize_matrix(ori_shape, (590, 1640)),
    )
    num_lanes = 0
    for index in range(25):
        scene = fit_lens(sample_scene(777_002, index, category), ori_shape)
        labelled = label_scene(Projection(scene, ori_shape), "scene.jpg").gt_lanes
        lines = encode_lines(
            [view.to_input(lane) for lane in labelled], shape, num_rows
        )
        decoded = [view.to_original(decode_line(line, shape)) for line in lines]
        found, truth = (
            [map_points(lane, to_culane) for lane in lanes]
            for lanes in (decoded, labelled)
        )
        [counts] = evaluate_image(found, truth, (0.75,))
        assert (counts.tp, counts.fp, counts.fn) == (len(labelled), 0, 0)
        num_lanes += len(labelled)
    assert num_lanes > 50

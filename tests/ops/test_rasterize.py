import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanedet.arrays import FloatArray
from lanedet.ops import rasterize_lanes

UPRIGHT = np.array([[20.0, 0.0], [20.0, 39.0]])
LEVEL = np.array([[0.0, 10.0], [59.0, 10.0]])
SHAPE = (40, 60)


def test_a_lane_is_drawn_as_wide_as_asked_around_its_points() -> None:
    class_map = rasterize_lanes([UPRIGHT], [0], SHAPE, lane_width_px=5)
    assert class_map.shape == SHAPE
    assert class_map.dtype == np.uint8
    columns = np.flatnonzero(class_map[20])
    assert columns.tolist() == [18, 19, 20, 21, 22]
    assert class_map[20].max() == 1


@pytest.mark.parametrize("width", [1, 3, 7, 15])
@pytest.mark.parametrize("x", [20.0, 20.4, 29.9])
def test_the_middle_of_a_line_is_the_lane(width: int, x: float) -> None:
    lane = np.array([[x, 0.0], [x, 39.0]])
    columns = np.flatnonzero(rasterize_lanes([lane], [0], SHAPE, width)[20])
    assert columns.mean() == pytest.approx(x, abs=0.51)
    assert len(columns) == width


def test_each_lane_has_the_class_of_its_slot() -> None:
    lanes = [UPRIGHT + np.array([dx, 0.0]) for dx in (-10, 0, 10, 20)]
    class_map = rasterize_lanes(lanes, [0, 5, None, 2], SHAPE, lane_width_px=1)
    row = class_map[20]
    assert [int(row[x]) for x in (10, 20, 30, 40)] == [1, 6, 0, 3]


def test_later_lanes_lie_on_top() -> None:
    class_map = rasterize_lanes([UPRIGHT, LEVEL], [0, 1], SHAPE, lane_width_px=1)
    assert class_map[10, 20] == 2
    assert class_map[20, 20] == 1


def test_a_bend_has_no_hole() -> None:
    lane = np.array([[5.0, 39.0], [30.0, 20.0], [55.0, 39.0]])
    class_map = rasterize_lanes([lane], [0], SHAPE, lane_width_px=3)
    assert (class_map[:, 5:56].max(axis=0) == 1).all()


@pytest.mark.parametrize(
    ("lanes", "slots"),
    [([], []), ([np.empty((0, 2))], [0]), ([UPRIGHT[:1]], [0]), ([UPRIGHT], [None])],
    ids=["no lane", "no point", "one point", "no slot"],
)
def test_nothing_to_draw_is_background(
    lanes: list[FloatArray], slots: list[int | None]
) -> None:
    assert not rasterize_lanes(lanes, slots, SHAPE, 5).any()


@pytest.mark.parametrize("far", [1e4, 1e7, 1e12])
def test_points_far_outside_do_not_wrap_around(far: float) -> None:
    # Straight through the image along row 10, whatever lies beyond its edges.
    lane = np.array([[-far, 10.0], [far, 10.0]])
    class_map = rasterize_lanes([lane], [0], SHAPE, lane_width_px=1)
    assert class_map[10].all()
    assert class_map.sum() == SHAPE[1]

    beside = np.array([[far, -far], [far, far]])
    assert not rasterize_lanes([beside], [0], SHAPE, lane_width_px=9).any()


def test_a_lane_that_leaves_the_image_keeps_its_direction() -> None:
    lane = np.array([[0.0, 0.0], [800_000.0, 200_000.0]])
    ys, xs = np.nonzero(rasterize_lanes([lane], [0], (40, 40), lane_width_px=1))
    np.testing.assert_allclose(ys, xs / 4, atol=1)


@settings(max_examples=40, deadline=None)
@given(
    xs=st.tuples(st.floats(0, 59), st.floats(0, 59)),
    width=st.integers(1, 9),
)
def test_every_point_of_the_lane_is_covered(
    xs: tuple[float, float], width: int
) -> None:
    lane = np.array([[xs[0], 0.0], [xs[1], 39.0]])
    class_map = rasterize_lanes([lane], [0], SHAPE, width)
    rows = np.arange(40)
    at_rows = xs[0] + (xs[1] - xs[0]) * rows / 39
    drawn = [np.flatnonzero(row) for row in class_map]
    distances = [np.abs(row - x).min() for row, x in zip(drawn, at_rows, strict=True)]
    assert max(distances) <= 1.0


@pytest.mark.parametrize(
    ("width", "drawn"),
    [(0.0, 1), (0.2, 1), (1.9, 1), (2, 3), (2.9, 3), (8, 9), (16, 17)],
)
def test_widths_are_rounded_to_an_odd_number(width: float, drawn: int) -> None:
    class_map = rasterize_lanes([UPRIGHT], [0], SHAPE, width)
    expected = np.arange(20 - drawn // 2, 21 + drawn // 2)
    assert np.flatnonzero(class_map[20]).tolist() == expected.tolist()


def test_lanes_and_slots_go_together() -> None:
    with pytest.raises(ValueError, match="got 2 lanes and 1 slots"):
        rasterize_lanes([UPRIGHT, LEVEL], [0], SHAPE, 5)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_coordinates_must_be_finite(value: float) -> None:
    lane = np.array([[20.0, 0.0], [value, 39.0]])
    with pytest.raises(ValueError, match="coordinates must be finite"):
        rasterize_lanes([lane], [0], SHAPE, 5)

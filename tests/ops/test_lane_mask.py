from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanedet.ops import (
    LetterboxView,
    StretchView,
    ViewTransform,
    class_map_to_original,
    draw_lane_mask,
)

coordinate = st.floats(-15, 45, allow_nan=False)
polyline = st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=5)


def distances_to(lane: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the distance of every pixel to a polyline, segment by segment."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    pixels = np.stack([x, y], axis=-1).astype(float)
    best = np.full(shape, np.inf)
    for start, end in pairwise(lane):
        step = end - start
        squared = step @ step
        share = (pixels - start) @ step / squared if squared > 0 else np.zeros(shape)
        nearest = start + np.clip(share, 0, 1)[..., None] * step
        best = np.minimum(best, np.linalg.norm(pixels - nearest, axis=-1))
    return best


@pytest.mark.parametrize("width", [1.0, 2.0, 3.0, 8.0])
def test_upright_and_level_lines_are_as_wide_as_asked(width: float) -> None:
    for at in (20.0, 20.25, 20.5):
        upright = draw_lane_mask([np.array([[at, -9.0], [at, 99.0]])], (40, 40), width)
        level = draw_lane_mask([np.array([[-9.0, at], [99.0, at]])], (40, 40), width)
        assert (upright.sum(axis=1) == width).all()
        assert (level.sum(axis=0) == width).all()


@settings(max_examples=60, deadline=None)
@given(polyline, st.sampled_from([1.0, 2.0, 5.5]))
def test_a_pixel_is_set_exactly_if_a_lane_is_near(
    points: list[tuple[float, float]], width: float
) -> None:
    lane = np.array(points)
    mask = draw_lane_mask([lane], (30, 30), width)
    distances = distances_to(lane, mask.shape)
    is_clear = np.abs(distances - width / 2) > 1e-3
    assert np.array_equal(mask[is_clear], (distances < width / 2)[is_clear])


def test_lanes_are_joined_and_short_ones_leave_no_mark() -> None:
    lanes = [np.array([[5.0, -9.0], [5.0, 19.0]]), np.array([[2.0, 2.0]])]
    lanes.append(np.zeros((0, 2)))
    assert draw_lane_mask(lanes, (10, 10), 2.0).sum() == 20
    assert not draw_lane_mask([], (10, 10), 2.0).any()


def test_points_may_lie_as_far_outside_as_they_like() -> None:
    mask = draw_lane_mask([np.array([[5.0, -1e300], [5.0, 1e300]])], (10, 10), 2.0)
    assert mask[:, 4:6].all()
    assert mask.sum() == 20


def test_bad_values_are_refused() -> None:
    lane = np.array([[5.0, 0.0], [np.nan, 9.0]])
    with pytest.raises(ValueError, match="finite"):
        draw_lane_mask([lane], (10, 10), 2.0)
    with pytest.raises(ValueError, match="width_px must be positive"):
        draw_lane_mask([], (10, 10), 0.0)


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(StretchView((36, 64))((72, 128)), id="half"),
        pytest.param(StretchView((35, 61), crop_top=0.3)((72, 128)), id="crop"),
        pytest.param(LetterboxView((40, 64))((72, 128)), id="letterbox"),
    ],
)
def test_each_pixel_gets_the_class_of_where_it_lies(view: ViewTransform) -> None:
    class_map = np.random.default_rng(0).integers(0, 5, view.input_shape)
    original = class_map_to_original(class_map.astype(np.uint8), view)
    assert original.shape == view.ori_shape
    top, bottom, left, right = view.crop
    for y in range(top, bottom, 7):
        for x in range(left, right, 5):
            place = view.to_input(np.array([x, y], dtype=float))
            near = class_map[
                round(place[1] - 1e-6) : round(place[1] + 1e-6) + 1,
                round(place[0] - 1e-6) : round(place[0] + 1e-6) + 1,
            ]
            assert original[y, x] in near
    assert not original[:top].any()


def test_a_class_map_must_fit_its_view() -> None:
    view = StretchView((36, 64))((72, 128))
    with pytest.raises(ValueError, match="must cover the network input"):
        class_map_to_original(np.zeros((72, 128), np.uint8), view)

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanedet.arrays import ByteArray, FloatArray
from lanedet.ops import map_points, resize_matrix, shrink_image, warp_image


def centroid(image: ByteArray) -> FloatArray:
    ys, xs = np.indices(image.shape[:2])
    weights = image.astype(float)
    return np.array([(weights * xs).sum(), (weights * ys).sum()]) / weights.sum()


def blob(shape: tuple[int, int], x: float, y: float, radius: float) -> ByteArray:
    ys, xs = np.indices(shape)
    distance = np.hypot(xs - x, ys - y) / radius
    return (255 * np.exp(-(distance**2))).astype(np.uint8)


def test_a_resize_keeps_the_corners_of_the_picture() -> None:
    matrix = resize_matrix((590, 1640), (288, 800))
    corners = np.array([[-0.5, -0.5], [1639.5, 589.5]])
    np.testing.assert_allclose(
        map_points(corners, matrix), [[-0.5] * 2, [799.5, 287.5]]
    )


def test_a_resize_matrix_is_what_cv2_does() -> None:
    image = blob((60, 80), 30.0, 20.0, 6.0)
    resized = cv2.resize(image, (64, 45))
    expected = map_points(np.array([[30.0, 20.0]]), resize_matrix((60, 80), (45, 64)))
    np.testing.assert_allclose([centroid(resized)], expected, atol=0.05)


@settings(max_examples=30, deadline=None)
@given(
    turn=st.floats(-np.pi, np.pi),
    scale=st.floats(0.3, 2.0),
    stretch=st.floats(0.6, 1.6),
)
def test_points_stay_on_the_pixels(turn: float, scale: float, stretch: float) -> None:
    matrix = np.eye(3)
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    matrix[:2, :2] = [[cos * stretch, -sin], [sin * stretch, cos]]
    start = np.array([[140.0, 90.0]])
    matrix[:2, 2] = np.array([70.3, 65.8]) - map_points(start, matrix)[0]
    radius = 4 / (scale * min(1.0, stretch))
    seen = warp_image(blob((240, 300), *start[0], radius), matrix, (140, 150))
    np.testing.assert_allclose(centroid(seen), [70.3, 65.8], atol=0.1)


def test_outside_is_black_and_colors_stay() -> None:
    image = np.full((20, 30, 3), (10, 20, 30), dtype=np.uint8)
    matrix = np.eye(3)
    matrix[0, 2] = 5
    warped = warp_image(image, matrix, (25, 30))
    assert warped.shape == (25, 30, 3)
    assert warped[10, 20].tolist() == [10, 20, 30]
    assert not warped[:, :5].any()
    assert not warped[20:].any()


@pytest.mark.parametrize(
    ("shape", "scale", "expected"),
    [
        pytest.param((590, 1640), (0.488, 0.488), (295, 820), id="CULane"),
        pytest.param((720, 1280), (0.5, 0.511), (720, 1280), id="TuSimple"),
        pytest.param((720, 1280), (0.25, 0.25), (180, 320), id="a quarter"),
        pytest.param((720, 1280), (0.24, 0.3), (360, 640), id="a bit less"),
        pytest.param((100, 100), (1.0, 0.1), (12, 100), id="flattened"),
        pytest.param((100, 100), (3.0, 3.0), (100, 100), id="enlarged"),
        pytest.param((1, 100), (0.1, 0.1), (1, 12), id="one row"),
    ],
)
def test_no_more_is_shrunk_than_asked_for(
    shape: tuple[int, int], scale: tuple[float, float], expected: tuple[int, int]
) -> None:
    image = np.zeros((*shape, 3), dtype=np.uint8)
    assert shrink_image(image, *scale).shape == (*expected, 3)


def test_thin_paint_does_not_alias_away() -> None:
    image = np.zeros((640, 640), dtype=np.uint8)
    image[:, 321] = 255  # one pixel wide, a tenth of a pixel afterwards
    warped = warp_image(image, resize_matrix((640, 640), (64, 64)), (64, 64))
    assert warped[:, 31:34].max(axis=1).min() > 15

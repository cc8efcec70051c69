import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanedet.arrays import ByteArray, FloatArray
from lanedet.ops import LetterboxView, StretchView, ViewTransform, map_points

VIEWS = [
    pytest.param(StretchView((368, 640))((720, 1280)), id="TuSimple"),
    pytest.param(StretchView((208, 976), crop_top=240 / 590)((590, 1640)), id="CULane"),
    pytest.param(StretchView((64, 96))((720, 1280)), id="shrunk to a tenth"),
    pytest.param(StretchView((300, 500))((150, 200)), id="enlarged"),
    pytest.param(LetterboxView((192, 320))((360, 640)), id="bars above and below"),
    pytest.param(LetterboxView((192, 320))((720, 960)), id="bars at the sides"),
    pytest.param(LetterboxView((100, 100))((100, 100)), id="unchanged"),
    pytest.param(
        ViewTransform((200, 300), (120, 160), (21, 170, 33, 290), (10, 115, 7, 150)),
        id="crop and padding",
    ),
]

shapes = st.tuples(st.integers(1, 2000), st.integers(1, 2000))


def centroid(image: ByteArray) -> FloatArray:
    """Return the (x, y) centre of an image's brightness."""
    ys, xs = np.indices(image.shape[:2])
    weights = image.astype(float)
    return np.array([(weights * xs).sum(), (weights * ys).sum()]) / weights.sum()


@pytest.mark.parametrize("view", VIEWS)
def test_points_come_back(view: ViewTransform) -> None:
    points = np.random.default_rng(0).uniform(-500, 2000, (7, 3, 2))
    np.testing.assert_allclose(view.to_original(view.to_input(points)), points)
    np.testing.assert_allclose(view.to_input(view.to_original(points)), points)


@settings(max_examples=50, deadline=None)
@given(ori_shape=shapes, input_shape=shapes, crop_top=st.floats(0, 0.9))
def test_points_come_back_for_any_sizes(
    ori_shape: tuple[int, int], input_shape: tuple[int, int], crop_top: float
) -> None:
    points = np.array([[0.0, 0.0], [ori_shape[1] - 1.0, ori_shape[0] - 1.0]])
    for make_view in (StretchView(input_shape, crop_top), LetterboxView(input_shape)):
        view = make_view(ori_shape)
        back = view.to_original(view.to_input(points))
        np.testing.assert_allclose(back, points, atol=1e-6)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("place", [(0.25, 0.3), (0.5, 0.5), (0.8, 0.7)])
def test_points_stay_on_the_pixels(
    view: ViewTransform, place: tuple[float, float]
) -> None:
    top, bottom, left, right = view.crop
    x = round(left + place[0] * (right - left))
    y = round(top + place[1] * (bottom - top))
    size = int(np.ceil(2 / view.scale.min()))  # wide enough to survive the sampling
    image = np.zeros(view.ori_shape, dtype=np.uint8)
    image[y - size : y + size + 1, x - size : x + size + 1] = 255

    # Bilinear samples of the square's hard edges weigh one side more than the other.
    seen = centroid(view.warp(image))
    np.testing.assert_allclose(seen, view.to_input(np.array([x, y])), atol=0.15)


@pytest.mark.parametrize("view", VIEWS)
def test_image_corners_meet_the_corners_of_the_place(view: ViewTransform) -> None:
    # Pixels are squares around their centres: the corner of a box lies half a pixel
    # before its first centre.
    top, bottom, left, right = (np.array([box]) - 0.5 for box in view.crop)
    corners = np.concatenate(
        [np.stack([left, top], axis=1), np.stack([right, bottom], axis=1)]
    )
    top, bottom, left, right = view.place
    expected = np.array([[left, top], [right, bottom]]) - 0.5
    np.testing.assert_allclose(view.to_input(corners), expected, atol=1e-9)


@pytest.mark.parametrize("view", VIEWS)
def test_the_matrix_is_the_way_to_the_input(view: ViewTransform) -> None:
    points = np.random.default_rng(0).uniform(-500, 2000, (7, 2))
    expected = view.to_input(points)
    np.testing.assert_allclose(map_points(points, view.matrix), expected)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("channels", [(), (3,)])
def test_padding_is_black_and_the_rest_is_the_crop(
    view: ViewTransform, channels: tuple[int, ...]
) -> None:
    image = np.zeros((*view.ori_shape, *channels), dtype=np.uint8)
    top, bottom, left, right = view.crop
    image[top:bottom, left:right] = 200
    warped = view.warp(image)
    expected = np.zeros((*view.input_shape, *channels), dtype=np.uint8)
    top, bottom, left, right = view.place
    expected[top:bottom, left:right] = 200
    np.testing.assert_array_equal(warped, expected)
    assert warped.dtype == np.uint8


def test_an_equal_size_changes_nothing() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    for view in (StretchView((40, 60)), LetterboxView((40, 60))):
        np.testing.assert_array_equal(view((40, 60)).warp(image), image)


def test_thin_paint_does_not_alias_away() -> None:
    image = np.zeros((640, 640), dtype=np.uint8)
    image[:, 321] = 255  # one pixel wide, a tenth of a pixel afterwards
    warped = StretchView((64, 64))((640, 640)).warp(image)
    assert warped[:, 32].min() > 20


def test_stretch_cuts_the_sky() -> None:
    view = StretchView((208, 976), crop_top=240 / 590)((590, 1640))
    assert view.crop == (240, 590, 0, 1640)
    assert view.place == (0, 208, 0, 976)


@settings(max_examples=100, deadline=None)
@given(ori_shape=shapes, input_shape=shapes)
def test_letterbox_keeps_the_aspect_and_touches_two_edges(
    ori_shape: tuple[int, int], input_shape: tuple[int, int]
) -> None:
    view = LetterboxView(input_shape)(ori_shape)
    top, bottom, left, right = view.place
    height, width = bottom - top, right - left
    assert height == input_shape[0] or width == input_shape[1]
    assert abs((input_shape[0] - bottom) - top) <= 1
    assert abs((input_shape[1] - right) - left) <= 1
    scale = min(input_shape[0] / ori_shape[0], input_shape[1] / ori_shape[1])
    assert abs(height - max(1, ori_shape[0] * scale)) <= 0.5
    assert abs(width - max(1, ori_shape[1] * scale)) <= 0.5


def test_an_image_of_another_size_is_refused() -> None:
    view = StretchView((64, 96))((720, 1280))
    message = r"images of \(H, W\) = \(720, 1280\), got \(720, 1281\)"
    with pytest.raises(ValueError, match=message):
        view.warp(np.zeros((720, 1281, 3), dtype=np.uint8))


@pytest.mark.parametrize("crop_top", [-0.1, 1.0, np.nan])
def test_crop_top_is_a_share(crop_top: float) -> None:
    with pytest.raises(ValueError, match="crop_top must lie in"):
        StretchView((64, 96), crop_top)


@pytest.mark.parametrize("input_shape", [(0, 10), (10, -1), (10,), (1, 2, 3)])
def test_input_shape_has_two_positive_sides(input_shape: tuple[int, ...]) -> None:
    for view in (StretchView, LetterboxView):
        with pytest.raises(ValueError, match="input_shape must be"):
            view(input_shape)


@pytest.mark.parametrize("box", [(-1, 5, 0, 5), (0, 11, 0, 5), (5, 5, 0, 5)])
def test_boxes_lie_inside(box: tuple[int, int, int, int]) -> None:
    whole = (0, 10, 0, 10)
    with pytest.raises(ValueError, match="crop must be a non-empty box inside"):
        ViewTransform((10, 10), (10, 10), box, whole)
    with pytest.raises(ValueError, match="place must be a non-empty box inside"):
        ViewTransform((10, 10), (10, 10), whole, box)


def test_what_is_computed_once_cannot_be_changed() -> None:
    view = StretchView((368, 640))((720, 1280))
    assert view.scale is view.scale
    for array in (view.scale, view.offset):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 2.0

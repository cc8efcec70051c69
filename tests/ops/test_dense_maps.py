import numpy as np
import pytest
import torch
from torch.nn import functional as F

from lanedet.ops import LetterboxView, StretchView, ViewTransform, map_to_original


def test_a_cell_comes_to_lie_where_the_letterbox_put_its_content() -> None:
    # 40x80 fits 64x64 at 0.8: rows 16..47 hold the image. Cells of 8 pixels.
    view = LetterboxView((64, 64))((40, 80))
    assert view.place == (16, 48, 0, 64)
    values = np.zeros((8, 8))
    values[3, 5] = 1.0
    on_image = map_to_original(values, view)
    assert on_image.shape == (40, 80)
    y, x = np.unravel_index(on_image.argmax(), on_image.shape)
    # The cell's centre is (5 * 8 + 3.5, 3 * 8 + 3.5) = (43.5, 27.5) in the input,
    # (44 / 0.8 - 0.5, 12 / 0.8 - 0.5) = (54.5, 14.5) in the image.
    assert (x, y) in [(54, 14), (55, 14), (54, 15), (55, 15)]
    total = on_image.sum()
    assert (on_image.sum(axis=0) @ np.arange(80)) / total == pytest.approx(54.5)
    assert (on_image.sum(axis=1) @ np.arange(40)) / total == pytest.approx(14.5)


def test_known_values_of_a_stretch() -> None:
    view = StretchView((2, 4))((2, 4))
    on_image = map_to_original(np.array([[0.0, 4.0]]), view)
    # Cells of two pixels: centres at 0.5 and 2.5, a quarter way in at 1, flat outside.
    np.testing.assert_allclose(on_image, [[0, 1, 3, 4]] * 2)


def test_it_is_the_interpolation_of_pytorch_where_the_view_does_nothing() -> None:
    values = np.random.default_rng(0).normal(size=(5, 9))
    expected = F.interpolate(
        torch.from_numpy(values)[None, None], (40, 72), mode="bilinear"
    )[0, 0]
    view = StretchView((40, 72))((40, 72))
    np.testing.assert_allclose(map_to_original(values, view), expected, atol=1e-12)


def test_pixels_and_polylines_go_the_same_way() -> None:
    view = ViewTransform((90, 170), (64, 96), (20, 85, 10, 170), (7, 60, 3, 90))
    rows, columns = np.indices(view.input_shape).astype(float)
    x = map_to_original(columns, view)[20:85, 10:170]
    y = map_to_original(rows, view)[20:85, 10:170]
    ys, xs = np.mgrid[20:85, 10:170]
    expected = view.to_input(np.stack([xs, ys], axis=-1))
    np.testing.assert_allclose(np.stack([x, y], axis=-1), expected)


def test_what_was_cut_off_is_not_known() -> None:
    on_image = map_to_original(np.ones((3, 5)), StretchView((24, 40), 0.4)((100, 80)))
    assert np.isnan(on_image[:40]).all()
    assert (on_image[40:] == 1).all()


def test_one_value_is_everywhere() -> None:
    on_image = map_to_original(np.array([[7.0]]), LetterboxView((8, 8))((3, 5)))
    assert (on_image == 7).all()


@pytest.mark.parametrize("shape", [(3,), (0, 4), (1, 2, 2)])
def test_no_map(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"A map must have shape \(h, w\), got"):
        map_to_original(np.zeros(shape), LetterboxView((8, 8))((8, 8)))

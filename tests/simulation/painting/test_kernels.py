import cv2
import numpy as np
import pytest

from lanedet.simulation.painting import kernels
from lanedet.simulation.painting.noise import noise_tile, sample_points, sample_tile

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (13, 17, 3)).astype(np.uint8)
COLOR = np.array([250, 120, 3], np.float32)


def test_blend_from_nothing_to_all() -> None:
    share = np.zeros((13, 17), np.float32)
    assert np.array_equal(kernels.blend_color(IMAGE, COLOR, share), IMAGE)
    share[:, 5:] = 1
    half = kernels.blend_color(IMAGE, COLOR, share)
    assert np.array_equal(half[:, :5], IMAGE[:, :5])
    assert (half[:, 5:] == COLOR).all()


def test_a_sheet_is_added_from_its_corner_on() -> None:
    sheet = np.zeros((20, 30, 3), np.float32)
    sheet[4, 7] = (10, -300, 300)
    out = kernels.add_sheet(IMAGE, sheet, 3, 5, np.float32(2)).astype(int)
    changed = np.argwhere((out != IMAGE).any(axis=-1))
    assert changed.tolist() == [[1, 2]]
    assert out[1, 2].tolist() == [min(255, int(IMAGE[1, 2, 0]) + 20), 0, 255]


def test_tone_is_saturation_then_curves() -> None:
    grey = cv2.cvtColor(IMAGE, cv2.COLOR_RGB2GRAY)
    curves = np.stack([np.arange(256)[::-1], np.arange(256), np.arange(256)], 1)
    curves = curves.astype(np.uint8)
    full = np.ones((13, 17), np.float32)
    kept = kernels.tone(IMAGE, grey, np.float32(1), full, curves)
    assert np.array_equal(kept, IMAGE ^ np.array([255, 0, 0], np.uint8))
    bare = kernels.tone(IMAGE, grey, np.float32(0), full, curves)
    assert np.array_equal(bare, np.stack([255 - grey, grey, grey], -1))
    dark = kernels.tone(IMAGE, grey, np.float32(0), 0 * full, curves)
    assert (dark == [255, 0, 0]).all()


def test_paint_is_laid_through_haze() -> None:
    pixels = np.full((4, 3), 100, np.uint8)
    shares = np.array([1, 1, 0.5], np.float32), np.array([0, 0.5, 0], np.float32)
    paint, sky = np.full(3, 200, np.float32), np.full(3, 60, np.float32)
    kernels.lay_paint(pixels, np.array([0, 1, 3]), shares, (paint, sky))
    assert pixels[:, 0].tolist() == [200, 130, 100, 150]


@pytest.mark.parametrize("place", [(3.0, 5.0), (511.25, 511.5), (-0.75, 1e4 + 0.5)])
def test_a_tile_is_read_between_its_pixels_and_periodically(
    place: tuple[float, float],
) -> None:
    x, y = place
    tile = noise_tile("wear", 0.6)
    rows, columns = (int(np.floor(v)) + np.arange(2) for v in (y, x))
    corners = tile[np.ix_(rows % 512, columns % 512)]
    down, right = y - np.floor(y), x - np.floor(x)
    expected = np.array([1 - down, down]) @ corners @ np.array([1 - right, right])
    xs, ys = np.full((1, 1), x, np.float32), np.full((1, 1), y, np.float32)
    assert sample_tile(tile, xs, ys)[0, 0] == pytest.approx(expected, abs=1e-3)


def test_a_sprite_fills_its_box_and_is_cut_at_the_border() -> None:
    image = np.zeros((6, 6, 3), np.uint8)
    sprite = np.full((4, 4, 2), 255, np.uint8)
    sprite[..., 0], sprite[:, :2, 1] = 64, 0
    kernels.paint_sprite(image, sprite, (4, -2, 8, 2), (200.0, 100.0, 50.0), 1.0)
    expected = np.zeros_like(image)
    # The box's left half, columns 4 and 5, is transparent.
    assert np.array_equal(image, expected)
    kernels.paint_sprite(image, sprite, (0, -2, 4, 4), (200.0, 100.0, 50.0), 1.0)
    expected[:4, 2:4] = (100, 50, 25)
    assert np.array_equal(image, expected)
    kernels.paint_sprite(image, sprite, (0, -2, 4, 4), (200.0, 100.0, 50.0), 0.0)
    assert image[0, 2].tolist() == [200, 100, 50]


def test_an_enlarged_sprite_is_read_between_its_pixels() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    sprite = np.zeros((2, 2, 2), np.uint8)
    # Left column clear, right column opaque and of twice the mean's light.
    sprite[:, 1] = (255, 255)
    kernels.paint_sprite(image, sprite, (0, 0, 4, 4), (64.0, 64.0, 64.0), 1.0)
    # Middles of the columns lie at -0.25, 0.25, 0.75, 1.25 of the sprite's; what is
    # clear takes no light from what is opaque.
    full = 255 * 64 / 128
    expected = [0, 0.25 * full, 0.75 * full, full]
    assert image[..., 0].tolist() == [[round(value) for value in expected]] * 4


def test_a_list_of_places_is_read_like_a_picture_of_them() -> None:
    tile = noise_tile("wear", 0.6)
    xs, ys = np.array([3.25, -7.5, 511.5]), np.array([10.0, 2.75, -0.5])
    read = sample_points(tile, xs, ys)
    assert read[0] == pytest.approx(0.75 * tile[10, 3] + 0.25 * tile[10, 4], abs=1e-5)
    far = sample_points(tile, xs + 512e5, ys - 512e5)
    assert far == pytest.approx(read, abs=1e-4)
    assert read[2] == pytest.approx(
        tile[[0, 0, -1, -1], [0, -1, 0, -1]].mean(), abs=1e-5
    )

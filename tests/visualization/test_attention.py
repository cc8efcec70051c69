import numpy as np
import pytest

from lanedet.ops import LetterboxView, map_to_original
from lanedet.visualization import (
    draw_attention,
    draw_attention_grid,
    robust_scale,
    stack_grids,
    unit_scale,
)

# The ends of inferno.
BLACK, YELLOW = (0, 0, 4), (252, 255, 164)


def _image(height: int = 90, width: int = 160) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_percentiles_are_the_ends_of_the_range() -> None:
    values = np.arange(101.0).reshape(1, 101)  # percentile p is p
    values[0, 100] = 1e9
    scaled = robust_scale(values)
    assert scaled[0, 1] == scaled[0, 0] == 0
    assert scaled[0, 99] == scaled[0, 100] == 1
    assert scaled[0, 50] == pytest.approx(0.5)


def test_a_single_cell_among_many_keeps_its_light() -> None:
    values = np.full((20, 20), 3.0)
    values[4, 7] = 9.0
    assert np.flatnonzero(robust_scale(values)).tolist() == [4 * 20 + 7]


def test_what_was_not_seen_has_no_part_in_the_range() -> None:
    values = np.random.default_rng(0).random((10, 20))
    framed = np.pad(values, 3, constant_values=np.nan)
    scaled = robust_scale(framed)
    np.testing.assert_array_equal(scaled[3:-3, 3:-3], robust_scale(values))
    assert np.isnan(scaled).sum() == np.isnan(framed).sum()
    assert np.isnan(robust_scale(np.full((2, 2), np.nan))).all()


def test_flat_maps() -> None:
    assert (robust_scale(np.full((4, 4), 5.0)) == 0).all()


def test_a_map_that_is_scaled_already() -> None:
    values = np.array([[0.0, 0.25, np.nan]])
    np.testing.assert_array_equal(unit_scale(values), values)
    for outside in (-0.5, 1.5):
        with pytest.raises(ValueError, match=rf"in \[0, 1\], got \[.*{outside}"):
            unit_scale(np.array([[0.5, outside, np.nan]]))


def test_a_hot_cell_lights_its_place_on_the_image() -> None:
    view = LetterboxView((64, 64))((360, 640))
    energies = np.zeros((8, 8))
    energies[4, 6] = 1.0  # centre (51.5, 35.5) of the input
    [x, y] = view.to_original(np.array([51.5, 35.5]))
    image = _image(360, 640)
    drawn = draw_attention(image, map_to_original(energies, view), opacity=1.0)
    light = drawn.astype(int).sum(axis=2)
    rows, columns = np.nonzero(light == light.max())
    assert columns.mean() == pytest.approx(x, abs=0.5)
    assert rows.mean() == pytest.approx(y, abs=0.5)
    assert tuple(drawn[round(y), round(x)]) == YELLOW
    assert tuple(drawn[0, 0]) == BLACK


def test_the_image_shows_through_in_grey_and_is_kept() -> None:
    image = _image()
    before = image.copy()
    drawn = draw_attention(image, np.zeros((90, 160)), opacity=0.5)
    np.testing.assert_array_equal(image, before)
    assert np.ptp(drawn.astype(int), axis=2).max() <= 2  # black's blue is 4
    luma = image @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(drawn[..., 0], luma / 2, atol=1.1)


def test_what_was_not_seen_has_no_color() -> None:
    attention = np.random.default_rng(0).random((90, 160))
    attention[:30] = np.nan
    drawn = draw_attention(_image(), attention).astype(int)
    assert (np.ptp(drawn[:30], axis=2) == 0).all()
    assert np.ptp(drawn[30:], axis=2).max() > 50


def test_light_grows_with_the_value() -> None:
    attention = np.linspace(0, 1, 160)[None].repeat(90, axis=0)
    drawn = draw_attention(_image(), attention, opacity=1.0)
    luma = drawn[0] @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(luma) >= -0.5).all()
    assert luma[-1] > 230


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": np.zeros((9, 9), np.uint8)}, r"image must be \(H, W, 3\) uint8"),
        ({"attention": np.zeros((9, 9))}, r"of the image's size \(90, 160\)"),
        ({"attention": np.full((90, 160), np.inf)}, "attention must be finite"),
        ({"opacity": 1.5}, r"opacity must lie in \[0, 1\], got 1\.5"),
    ],
    ids=["image", "size", "infinite", "opacity"],
)
def test_bad_input(changes: dict, message: str) -> None:
    given = {"image": _image(), "attention": np.zeros((90, 160))} | changes
    with pytest.raises(ValueError, match=message):
        draw_attention(**given)


def test_a_grid_is_the_lanes_and_a_tile_a_map() -> None:
    image = np.full((180, 320, 3), 90, dtype=np.uint8)
    maps = {"E1": np.zeros((180, 320)), "E2": np.full((180, 320), np.nan)}
    lane = np.array([[160.0, 179.0], [160.0, 60.0]])
    grid = draw_attention_grid(image, maps, lanes=[lane], slots=[2], tile_width=160)
    assert grid.shape == (90, 3 * 160 + 2 * 4, 3)
    assert (grid[:, 160:164] == 255).all()
    assert tuple(grid[80, 80]) == (230, 159, 0)  # slot 2's orange
    assert tuple(grid[80, 164 + 80]) == tuple(
        draw_attention(image, maps["E1"])[160, 160]
    )
    assert tuple(grid[80, 328 + 80]) == (90, 90, 90)


def test_tiles_bear_their_captions() -> None:
    image, maps = _image(180, 320), {"E1": np.zeros((180, 320))}
    named = draw_attention_grid(image, maps, caption="before", tile_width=200)
    plain = draw_attention_grid(image, maps, tile_width=200)
    rows, columns = np.nonzero((named != plain).any(axis=2))
    assert columns.max() < 100
    assert rows.max() < 40
    with_name = draw_attention_grid(image, {"": maps["E1"]}, tile_width=200)
    assert (with_name[:, 204:] != plain[:, 204:]).any()


def test_grids_of_several_widths_lie_under_one_another() -> None:
    image = _image()
    maps = {name: np.zeros((90, 160)) for name in ("E1", "E2")}
    wide = draw_attention_grid(image, maps, tile_width=160)
    narrow = draw_attention_grid(image, {"E1": maps["E1"]}, tile_width=160)
    both = stack_grids([wide, narrow])
    np.testing.assert_array_equal(both[:90], wide)
    np.testing.assert_array_equal(both[94:, : narrow.shape[1]], narrow)
    assert (both[90:94] == 255).all()
    assert (both[94:, narrow.shape[1] :] == 255).all()


def test_a_tile_has_a_width() -> None:
    with pytest.raises(ValueError, match="tile_width must be at least 1 pixel, got 0"):
        draw_attention_grid(_image(), {}, tile_width=0)

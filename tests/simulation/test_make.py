import numpy as np
import pytest

from lanedet.simulation import Projection, make_scene, sample_scene
from lanedet.simulation.make import fit_lens

SHAPE = (180, 320)


def test_same_numbers_make_the_same_picture() -> None:
    first, first_sample = make_scene(3, 5, SHAPE)
    make_scene(3, 6, SHAPE)
    second, second_sample = make_scene(3, 5, SHAPE)
    assert np.array_equal(first, second)
    for lane, again in zip(first_sample.gt_lanes, second_sample.gt_lanes, strict=True):
        assert np.array_equal(lane, again)


@pytest.mark.parametrize(("seed", "index"), [(3, 6), (4, 5)])
def test_other_numbers_make_another_picture(seed: int, index: int) -> None:
    first, _ = make_scene(3, 5, SHAPE)
    second, _ = make_scene(seed, index, SHAPE)
    assert not np.array_equal(first, second)


def test_sample_says_what_readers_need() -> None:
    image, sample = make_scene(0, 7, (360, 640))
    assert image.shape == (360, 640, 3)
    assert image.dtype == np.uint8
    assert sample.ori_shape == (360, 640)
    assert sample.raw_file == sample.img_path == "scenes/0/7.jpg"
    assert sample.rows[0] == 80
    assert sample.rows[-1] == 355


@pytest.mark.parametrize("shape", [(71, 640), (360, 95), (0, 0)])
def test_too_small(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least"):
        make_scene(0, 0, shape)


@pytest.mark.parametrize("shape", [(300, 96), (640, 360)])
def test_lenses_fit_upright_pictures(shape: tuple[int, int]) -> None:
    bent = [
        index
        for index in range(40)
        if sample_scene(1, index, "normal").camera.distortion > 0
    ]
    fitted = [fit_lens(sample_scene(1, index, "normal"), shape) for index in bent]
    for scene in fitted:
        Projection(scene, shape)  # which refuses lenses that bend more
    wide = [fit_lens(sample_scene(1, index, "normal"), (288, 800)) for index in bent]
    assert any(a != b for a, b in zip(wide, fitted, strict=True))
    assert wide == [sample_scene(1, index, "normal") for index in bent]
    image, sample = make_scene(1, bent[0], shape, "normal")
    assert image.shape == (*shape, 3)
    assert len(sample.gt_lanes) >= 1

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from lanedet.images import ImageError
from lanedet.video import ImageSource


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    """Twelve pictures named by their numbers, the number i having the grey 10 i."""
    paths = [tmp_path / f"{number}.png" for number in range(12)]
    for number, path in enumerate(paths):
        cv2.imwrite(str(path), np.full((20, 30 + number, 3), 10 * number, np.uint8))
    return paths


def test_images_come_in_the_order_of_their_numbers(images, tmp_path: Path) -> None:
    shuffled = [images[i] for i in (3, 11, 0, 7, 1, 10, 2, 4, 9, 5, 8, 6)]
    source = ImageSource(shuffled, tmp_path.parent, Fraction(5, 2), "drive")
    assert source.expected_frames == 12
    assert source.files == tuple(images)
    assert not source.is_live
    assert source.sound is None
    with source:
        frames = list(source)
    assert [frame.image[0, 0, 0] // 10 for frame in frames] == list(range(12))
    assert [frame.image.shape[1] for frame in frames] == list(range(30, 42))
    assert [frame.index for frame in frames] == list(range(12))
    assert frames[5].time == 2
    assert frames[5].name == f"{tmp_path.name}/5.png"
    assert source.sequences == (tmp_path.name,)


def test_names_with_digits_that_are_no_numbers(tmp_path: Path) -> None:
    names = ["10²3.png", "9²3.png", "9²20.png", "٣.png"]
    for name in names:
        (tmp_path / name).touch()
    source = ImageSource([tmp_path / name for name in names], tmp_path, 10, "drive")
    in_order = ["٣.png", "9²3.png", "9²20.png", "10²3.png"]
    assert [path.name for path in source.files] == in_order


def test_a_broken_image_is_left_out_and_counted(images, tmp_path: Path) -> None:
    images[4].write_bytes(images[4].read_bytes()[:40])
    source = ImageSource(images, tmp_path, 10, "drive")
    frames = list(source)
    assert source.num_undecodable == 1
    assert [frame.index for frame in frames] == list(range(11))
    assert frames[4].time == Fraction(1, 2)  # its place stays empty
    assert frames[4].name == "5.png"


def test_nothing_but_broken_images(images, tmp_path: Path) -> None:
    for path in images:
        path.write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"11\.png' cannot be read as an image"):
        list(ImageSource(images, tmp_path, 10, "drive"))


def test_bad_arguments(images, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'drive' must name at least one image"):
        ImageSource([], tmp_path, 10, "drive")
    with pytest.raises(ValueError, match="frame_rate must be positive, got 0"):
        ImageSource(images, tmp_path, 0, "drive")

"""Masks come back as they were written, and what is none is refused by its name."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from lanedet.formats import LANE_BACKGROUND, LabelError, read_mask
from lanedet.images import write_image

SHAPE = (6, 8)


def binary() -> np.ndarray:
    mask = np.zeros(SHAPE, np.uint8)
    mask[:, 3] = 255
    return mask


def lane_bytes() -> np.ndarray:
    mask = np.full(SHAPE, LANE_BACKGROUND, np.uint8)
    mask[:, 3] = 0  # the edge of a crosswalk
    return mask


@pytest.mark.parametrize("mask", [binary(), lane_bytes()], ids=["binary", "bytes"])
def test_a_mask_comes_back_as_it_was_written(tmp_path: Path, mask: np.ndarray) -> None:
    path = tmp_path / "new" / "a.png"
    write_image(path, mask)
    read = read_mask(path)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, mask)


def test_a_missing_mask_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"No lane mask at '.*a\.png'"):
        read_mask(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("image", "message"),
    [
        pytest.param(
            np.zeros((*SHAPE, 3), np.uint8),
            r"one 8-bit channel, got uint8 \(6, 8, 3\)\. .*colormaps",
            id="color",
        ),
        pytest.param(
            np.zeros(SHAPE, np.uint16), r"8-bit channel, got uint16", id="16 bits"
        ),
        pytest.param(
            np.arange(48, dtype=np.uint8).reshape(SHAPE) + 1,
            "must be mostly background.*drivable area",
            id="other labels",
        ),
    ],
)
def test_what_is_no_lane_mask_is_named(
    tmp_path: Path, image: np.ndarray, message: str
) -> None:
    path = tmp_path / "a.png"
    assert cv2.imwrite(str(path), image)
    with pytest.raises(LabelError, match=rf"a\.png: .*{message}"):
        read_mask(path)


def test_a_file_that_is_cut_is_an_unreadable_one(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_image(path, binary())
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(LabelError, match=r"a\.png: .*an unreadable file: "):
        read_mask(path)

"""Images that cannot be read, in training and in tests."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from lanedet.datasets import LaneDataset, LoadImage
from lanedet.images import ImageError
from lanedet.structures import LaneSample


class ThreeImages(LaneDataset):
    """0.jpg, 1.jpg and 2.jpg, of these brightnesses times 100."""

    def load_samples(self, data_root: Path) -> list[LaneSample]:
        samples = []
        for number in range(3):
            sample = LaneSample(metainfo={"img_path": str(data_root / f"{number}.jpg")})
            sample.gt_lanes = []
            samples.append(sample)
        return samples


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number in range(3):
        image = np.full((16, 16, 3), 100 * number, dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), image)
    cut_off(tmp_path / "1.jpg")
    return tmp_path


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def dataset(root: Path, **options: Any) -> ThreeImages:
    pipeline = [{"type": LoadImage}]
    return ThreeImages(data_root=str(root), pipeline=pipeline, **options)


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    reported: list[str] = []
    monkeypatch.setattr(
        "lanedet.datasets.lane_dataset.print_log",
        lambda message, **_: reported.append(message),
    )
    return reported


def test_the_next_sample_stands_in_for_a_cut_off_image(
    root: Path, warnings: list[str]
) -> None:
    images = dataset(root, on_error="skip")
    assert [int(images[draw]["inputs"].mean()) for draw in range(3)] == [0, 200, 200]
    assert len(warnings) == 1
    assert "1.jpg' is cut off" in warnings[0]


def test_a_bad_image_is_warned_of_once(root: Path, warnings: list[str]) -> None:
    images = dataset(root, on_error="skip")
    for draw in (1, 4, 7):
        images[draw]
    assert len(warnings) == 1


def test_what_stands_in_keeps_the_random_numbers_of_the_draw(
    root: Path, warnings: list[str]
) -> None:
    results = dataset(root, on_error="skip")[1]
    assert results["rng"].random() == np.random.default_rng(1).random()


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"on_error": "raise"}, id="raise"),
        pytest.param({"on_error": "skip", "test_mode": True}, id="in a test"),
    ],
)
def test_it_is_an_error_otherwise(root: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ImageError, match=r"1\.jpg' is cut off"):
        dataset(root, **options)[1]


def test_no_image_at_all_is_an_error(root: Path, warnings: list[str]) -> None:
    for number in (0, 2):
        cut_off(root / f"{number}.jpg")
    with pytest.raises(ImageError, match="No image of the data set"):
        dataset(root, on_error="skip")[0]
    assert len(warnings) == 3

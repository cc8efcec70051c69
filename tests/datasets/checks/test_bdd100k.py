from pathlib import Path

import cv2
import numpy as np
import pytest

from lanedet.datasets.checks import bdd100k as module
from lanedet.datasets.checks import check_bdd100k
from lanedet.formats.bdd100k import write_bdd100k_labels, write_bdd100k_masks
from lanedet.structures import LaneSample


def sample_of(name: str) -> LaneSample:
    sample = LaneSample(metainfo={"raw_file": name, "ori_shape": (720, 1280)})
    sample.gt_lanes = [np.array([[100.0, 700.0], [400.0, 300.0]])]
    return sample


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of 3 images to train on and 2 to test on, which counts as complete."""
    monkeypatch.setattr(module, "BDD100K_IMAGES", {"train": 3, "val": 2})
    _, jpeg = cv2.imencode(".jpg", np.zeros((720, 1280, 3), np.uint8))
    for folder, num in (("train", 3), ("val", 2)):
        samples = [sample_of(f"{folder}{number}") for number in range(num)]
        images = tmp_path / "images" / "100k" / folder
        images.mkdir(parents=True)
        for sample in samples:
            (images / f"{sample.raw_file}.jpg").write_bytes(jpeg.tobytes())
        write_bdd100k_labels(tmp_path / "labels" / "100k" / folder, samples)
    return tmp_path


def test_a_complete_tree(root: Path) -> None:
    report = check_bdd100k(root, decode_all=True)
    assert report.is_complete
    found = {count.what: count.found for count in report.counts}
    assert found["train, images"] == found["train, labels"] == 3
    assert found["val, lanes"] == 2
    assert "train is read from" in "\n".join(report.lines())


def test_masks_have_no_lanes_to_count(root: Path) -> None:
    for folder, num in (("train", 3), ("val", 2)):
        (root / "labels" / "100k" / folder).rename(root / folder)
        masks = root / "ll_seg_annotations" / folder
        write_bdd100k_masks(masks, [sample_of(f"{folder}{n}") for n in range(num)])
    report = check_bdd100k(root)
    assert report.is_complete
    assert [count.found for count in report.counts] == [3, 3, 2, 2]


def test_missing_images_and_labels(root: Path) -> None:
    (root / "images/100k/train/train0.jpg").unlink()
    (root / "labels/100k/val/val1.json").unlink()
    report = check_bdd100k(root)
    text = "\n".join(report.lines())
    assert "not as known: train, images" in text
    assert "1 labels of train without an image" in text
    assert "such as train0" in text
    assert "1 images of val without a label" in text
    assert not report.is_complete


def test_broken_labels(root: Path) -> None:
    (root / "labels/100k/val/val1.json").write_text("{")
    text = "\n".join(check_bdd100k(root).lines())
    assert "1 broken labels of val" in text


def test_no_labels(root: Path) -> None:
    (root / "labels").rename(root / "other")
    report = check_bdd100k(root)
    assert [problem.what for problem in report.problems] == [
        "no labels of train",
        "no labels of val",
    ]


def test_no_tree(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No folder"):
        check_bdd100k(tmp_path / "none")


def test_hidden_files_and_other_spellings_change_nothing(root: Path) -> None:
    images = root / "images" / "100k" / "val"
    (images / "val0.jpg").rename(images / "val0.JPG")
    (images / "._val0.jpg").write_bytes(b"\0\5")
    (root / "labels/100k/val/._val0.json").write_bytes(b"\0\5")
    assert check_bdd100k(root).is_complete


def test_labels_are_compared_with_pictures_of_ones_own(root: Path) -> None:
    (root / "scenes.json").write_text("{}")
    small = cv2.imencode(".jpg", np.zeros((360, 640, 3), np.uint8))[1].tobytes()
    for image in root.rglob("*.jpg"):
        image.write_bytes(small)
    text = "\n".join(check_bdd100k(root).lines())
    assert "WRONG: 5 of 5 labels looked at lie outside of their pictures" in text
    assert "train0.jpg (640x360), a point at (100, 700)" in text
    assert "1280x720 unless it is given --shape 360x640" in text


def test_masks_are_compared_with_their_pictures(root: Path) -> None:
    for folder, num in (("train", 3), ("val", 2)):
        (root / "labels" / "100k" / folder).rename(root / folder)
        samples = [sample_of(f"{folder}{n}") for n in range(num)]
        samples[0].set_metainfo({"ori_shape": (360, 640)})
        write_bdd100k_masks(root / "ll_seg_annotations" / folder, samples)
    text = "\n".join(check_bdd100k(root).lines())
    assert "WRONG: 2 of 5 masks looked at have another size than their pict" in text
    assert "train0.png (640x360) of " in text

from pathlib import Path

import cv2
import numpy as np
import pytest

from lanedet.datasets.checks import check_culane
from lanedet.datasets.checks import culane as module

LANES = "700 590 720 580 740 570\n900 590 880 580\n"
FOLDERS = {
    "train": "driver_23_30frame",
    "val": "driver_23_30frame",
    "test": "driver_37_30frame",
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of two images per split, which counts as complete."""
    monkeypatch.setattr(module, "CULANE_IMAGES", dict.fromkeys(FOLDERS, 2))
    monkeypatch.setattr(module, "CULANE_TEST_LANES", 2)
    monkeypatch.setattr(
        module, "CULANE_CATEGORIES", {"test0_normal": (1, 2), "test7_cross": (1, 0)}
    )
    _, jpeg = cv2.imencode(".jpg", np.zeros((590, 1640, 3), np.uint8))
    (tmp_path / "list" / "test_split").mkdir(parents=True)
    for split, folder in FOLDERS.items():
        names = [f"{folder}/{split}.MP4/{number}.jpg" for number in ("00000", "00030")]
        for name, lanes in zip(names, (LANES, ""), strict=True):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jpeg.tobytes())
            path.with_suffix(".lines.txt").write_text(lanes)
        flags = "" if split == "test" else " /mask/{}.png {}"
        lines = [
            f"/{name}{flags.format(number, flag)}\n"
            for number, (name, flag) in enumerate(
                zip(names, ("0 1 1 0", "0 0 0 0"), strict=True)
            )
        ]
        list_name = "test" if split == "test" else f"{split}_gt"
        (tmp_path / "list" / f"{list_name}.txt").write_text("".join(lines))
    for name, category in zip(names, ("test0_normal", "test7_cross"), strict=True):
        (tmp_path / f"list/test_split/{category}.txt").write_text(f"{name} \n")
    return tmp_path


def clip(root: Path, split: str) -> Path:
    return root / FOLDERS[split] / f"{split}.MP4"


def reported(root: Path) -> str:
    report = check_culane(root)
    assert not report.is_complete
    return "\n".join(report.lines())


def test_a_complete_tree(root: Path) -> None:
    report = check_culane(root, decode_all=True)
    assert report.is_complete, report.lines()
    found = {count.what: count.found for count in report.counts}
    assert found["train, images listed"] == found["train, lanes"] == 2
    assert found["test0_normal, lanes"] == 2
    assert found["test7_cross, lanes"] == 0
    assert "6 of 6 images decoded (1640x590: 6)" in "\n".join(report.lines())


def test_missing_labels_are_not_empty_ones(root: Path) -> None:
    (clip(root, "test") / "00000.lines.txt").unlink()
    text = reported(root)
    assert "not as known: test, lanes, test0_normal, lanes" in text
    assert "1 listed images of test without a label file" in text
    assert "has an empty file, not none" in text


def test_missing_images(root: Path) -> None:
    (clip(root, "train") / "00030.jpg").unlink()
    text = reported(root)
    assert "1 listed images of train missing" in text
    assert "driver_161_90frame" in text


def test_labels_that_disagree_with_the_list(root: Path) -> None:
    (clip(root, "train") / "00030.lines.txt").write_text(LANES)
    text = reported(root)
    assert "1 labels of train hold another number of lanes than list/train_gt" in text
    assert "16 April 2018" in text


def test_broken_labels(root: Path) -> None:
    (clip(root, "val") / "00000.lines.txt").write_text("1 2 3")
    text = reported(root)
    assert "1 broken labels of val" in text
    assert "00000.lines.txt:1: " in text


def test_missing_lists(root: Path) -> None:
    (root / "list/val_gt.txt").unlink()
    (root / "list/test_split/test7_cross.txt").unlink()
    text = reported(root)
    assert "no list/val_gt.txt" in text
    assert "no list/test_split/test7_cross.txt" in text
    assert "2 label files that no list names" in text


def test_a_line_of_one_point_counts_as_in_the_official_program(root: Path) -> None:
    (clip(root, "test") / "00000.lines.txt").write_text(f"{LANES}5 580\n")
    assert "test, lanes" in reported(root)


def test_pictures_of_ones_own(root: Path) -> None:
    for name in ("driver_23_30frame", "driver_37_30frame"):
        (root / name).rename(root / name.removeprefix("driver_"))
    for path in root.rglob("list/**/*.txt"):
        path.write_text(path.read_text().replace("driver_", ""))
    report = check_culane(root)
    assert report.is_complete
    assert all(count.known is None for count in report.counts)


def test_no_tree(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"holds list/ and the driver_\*"):
        check_culane(tmp_path)


def test_hidden_files_and_other_spellings_change_nothing(root: Path) -> None:
    image = clip(root, "train") / "00000.jpg"
    image.rename(image.with_suffix(".JPG"))
    (clip(root, "train") / "._00000.lines.txt").write_bytes(b"\0\5")
    report = check_culane(root)
    assert report.is_complete
    assert not any("no list names" in note for note in report.notes)


def own_tree(root: Path, lanes: str, shape: tuple[int, int] = (90, 160)) -> None:
    (root / "list").mkdir()
    (root / "images").mkdir()
    for split in ("train", "val"):
        (root / "list" / f"{split}.txt").write_text(f"images/{split}.png\n")
        cv2.imwrite(str(root / f"images/{split}.png"), np.zeros((*shape, 3), np.uint8))
        (root / f"images/{split}.lines.txt").write_text(lanes)


def test_labels_are_compared_with_pictures_of_ones_own(tmp_path: Path) -> None:
    own_tree(tmp_path, "80 90 90 40\n-5 70 40 40\n165 60 100 30\n")
    report = check_culane(tmp_path)
    assert report.is_complete
    assert "1640x590 unless it is given --shape 90x160" in "\n".join(report.lines())


@pytest.mark.parametrize(
    ("lanes", "point"),
    [
        ("80 90 90 40\n80 93 90 40\n", "(80, 93)"),
        ("80 90 90 40\n170 60 180 50 190 40\n", "(190, 40)"),
        ("80 90 90 40\n10 60 -200 50 20 40\n", "(-200, 50)"),
    ],
)
def test_labels_outside_of_their_pictures(
    tmp_path: Path, lanes: str, point: str
) -> None:
    own_tree(tmp_path, lanes)
    report = check_culane(tmp_path)
    text = "\n".join(report.lines())
    assert "WRONG: 2 of 2 labels looked at lie outside of their pictures" in text
    assert f"images/train.png (160x90), a point at {point}" in text


def test_labels_of_smaller_pictures_are_noted(tmp_path: Path) -> None:
    own_tree(tmp_path, "40 45 45 20\n60 45 50 20\n", (90, 160))
    report = check_culane(tmp_path)
    assert report.is_complete
    assert "of 4 lanes looked at, none or hardly any" in "\n".join(report.lines())


def test_a_broken_label_is_told_once(tmp_path: Path) -> None:
    own_tree(tmp_path, "80 90 90\n")
    text = "\n".join(check_culane(tmp_path).lines())
    assert "1 broken labels of train" in text
    assert "outside" not in text


def test_resized_images_need_the_size_of_their_labels(root: Path) -> None:
    for path in root.glob("driver_*/*/*.jpg"):
        assert cv2.imwrite(str(path), np.zeros((295, 820, 3), np.uint8))
    assert "--label-shape 590x1640" in reported(root)
    report = check_culane(root, label_shape=(590, 1640))
    assert report.is_complete, report.lines()
    assert "labels for 1640x590, scaled to the images" in "\n".join(report.lines())
    report = check_culane(root, label_shape=(295, 820))
    text = "\n".join(report.lines())
    assert "3 labels cannot be scaled to their images" in text
    assert "00000.lines.txt:1: there is a point at (700, 590), outside" in text

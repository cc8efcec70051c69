import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from lanedet.datasets.checks import check_tusimple
from lanedet.datasets.checks import tusimple as module
from lanedet.formats.known_counts import TUSIMPLE_FRAMES, TUSIMPLE_LANES
from lanedet.simulation import write_scene_tree

FIXTURES = (
    Path(__file__).resolve().parents[3] / ".." / "shared" / "fixtures" / "tusimple"
)
DATES = ("0313-1", "0531", "0601", "0530")


def write_line(lanes: list[list[int]], raw_file: str) -> str:
    return json.dumps({"lanes": lanes, "h_samples": [700, 710], "raw_file": raw_file})


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of one frame per label file, which counts as complete."""
    monkeypatch.setattr(module, "TUSIMPLE_FRAMES", dict.fromkeys(TUSIMPLE_FRAMES, 1))
    monkeypatch.setattr(module, "TUSIMPLE_LANES", dict.fromkeys(TUSIMPLE_LANES, 1))
    _, jpeg = cv2.imencode(".jpg", np.zeros((720, 1280, 3), np.uint8))
    for name, date in zip(TUSIMPLE_FRAMES, DATES, strict=True):
        raw_file = f"clips/{date}/7/20.jpg"
        lanes = [[5, 6], [-2, -2]]
        (tmp_path / name).write_text(write_line(lanes, raw_file) + "\n")
        (tmp_path / raw_file).parent.mkdir(parents=True)
        (tmp_path / raw_file).write_bytes(jpeg.tobytes())
    return tmp_path


def reported(root: Path) -> str:
    report = check_tusimple(root)
    assert not report.is_complete
    return "\n".join(report.lines())


def test_a_complete_tree(root: Path) -> None:
    report = check_tusimple(root, decode_all=True)
    assert report.is_complete
    text = "\n".join(report.lines())
    assert "test_label.json, lanes                1 ok" in text
    assert "4 of 4 images decoded (1280x720: 4)" in text
    assert text.endswith("\nComplete.")


def test_kaggles_layout(root: Path) -> None:
    (root / "train_set").mkdir()
    (root / "clips").rename(root / "train_set" / "clips")
    for name in TUSIMPLE_FRAMES:
        if name != "test_label.json":
            (root / name).rename(root / "train_set" / name)
    assert check_tusimple(root).is_complete


def test_counts_that_are_not_as_known(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TUSIMPLE_FRAMES", TUSIMPLE_FRAMES)
    text = reported(root)
    assert "label_data_0313.json, frames          1 of 2,858" in text
    assert "WRONG: not as known: label_data_0313.json, frames, " in text


def test_a_missing_label_file(root: Path) -> None:
    (root / "test_label.json").unlink()
    text = reported(root)
    assert "WRONG: no test_label.json" in text
    assert "1 frames 20.jpg without a label" in text


def test_clips_that_were_overwritten(root: Path) -> None:
    (root / "clips/0531/7/20.jpg").unlink()
    text = reported(root)
    assert "1 labelled images missing" in text
    assert "Both archives hold clips/0531" in text


def test_other_missing_images(root: Path) -> None:
    shutil.rmtree(root / "clips/0313-1")
    text = reported(root)
    assert "Unpack the archives again." in text
    assert "Both archives" not in text


def test_an_image_in_two_splits(root: Path) -> None:
    shutil.copy(root / "label_data_0531.json", root / "label_data_0601.json")
    assert "1 images are labelled more than once" in reported(root)


def test_a_template_in_place_of_labels(root: Path) -> None:
    line = write_line([], "clips/0530/7/20.jpg")
    (root / "test_label.json").write_text(line)
    text = reported(root)
    assert "test_label.json has no lanes" in text
    assert "test_tasks_0627.json" in text


def test_broken_lines(root: Path) -> None:
    with (root / "test_label.json").open("a") as file:
        file.write('{"lanes": [[')
    text = reported(root)
    assert "1 broken lines in test_label.json" in text
    assert "test_label.json:2: " in text


def test_an_empty_label_file(root: Path) -> None:
    (root / "test_label.json").write_text("")
    assert "test_label.json cannot be read" in reported(root)


def test_images_of_another_size_or_broken(root: Path) -> None:
    cv2.imwrite(str(root / "clips/0531/7/20.jpg"), np.zeros((36, 64, 3), np.uint8))
    (root / "clips/0601/7/20.jpg").write_bytes(b"\xff\xd8\xff")
    text = reported(root)
    assert "1 images are not 1280x720" in text
    assert "20.jpg (64x36)" in text
    assert "1 images cannot be read" in text


def test_scenes_have_no_known_counts(scenes_root: Path) -> None:
    report = check_tusimple(scenes_root)
    assert report.is_complete
    assert all(count.known is None for count in report.counts)


def test_scenes_of_crossroads_have_no_lanes(tmp_path: Path) -> None:
    write_scene_tree(tmp_path, 4, 0, (72, 96), category="crossroad")
    report = check_tusimple(tmp_path)
    assert report.is_complete, report.lines()
    lanes = [count.found for count in report.counts if "lanes" in count.what]
    assert lanes == [0] * 4


def test_pictures_of_ones_own(root: Path) -> None:
    for name in TUSIMPLE_FRAMES:
        (root / name).unlink()
    (root / "train_label.json").write_text(write_line([[1, 2]], "clips/0531/7/20.jpg"))
    (root / "val_label.json").write_text(write_line([[1, 2]], "clips/0601/7/20.jpg"))
    report = check_tusimple(root)
    assert report.is_complete
    assert [count.found for count in report.counts] == [1, 1, 1, 1]
    (root / "val_label.json").write_text(write_line([], "clips/0601/7/20.jpg"))
    assert "val_label.json has no lanes" in reported(root)


def test_no_tree(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No folder"):
        check_tusimple(tmp_path / "none")


@pytest.mark.skipif(
    not FIXTURES.is_dir(), reason="the benchmark's files are not at ../shared"
)
def test_the_real_labels_have_the_known_counts(tmp_path: Path) -> None:
    for name in TUSIMPLE_FRAMES:
        shutil.copy(FIXTURES / name, tmp_path / name)
    report = check_tusimple(tmp_path)
    assert all(count.is_right for count in report.counts)
    (problem,) = report.problems
    assert problem.what == "6408 labelled images missing"


def own_tree(root: Path, size: tuple[int, int], *lanes: list[int]) -> None:
    """Make a tree of one's own: rows to the bottom of 160x90, pictures of a size."""
    picture = cv2.imencode(".png", np.zeros((*size, 3), np.uint8))[1].tobytes()
    (root / "images").mkdir()
    rows = list(range(0, 90, 10))
    for part in ("train", "val"):
        record = {"lanes": lanes, "h_samples": rows, "raw_file": f"images/{part}.png"}
        (root / f"{part}_label.json").write_text(json.dumps(record) + "\n")
        (root / "images" / f"{part}.png").write_bytes(picture)


def test_labels_are_compared_with_pictures_of_ones_own(tmp_path: Path) -> None:
    own_tree(tmp_path, (90, 160), [80] * 9, [150] * 9)
    report = check_tusimple(tmp_path)
    assert report.is_complete
    assert "1280x720 unless it is given --shape 90x160" in "\n".join(report.lines())


@pytest.mark.parametrize(
    ("size", "point"), [((45, 160), "(80, 50)"), ((90, 60), "(150, 0)")]
)
def test_labels_outside_of_their_pictures(
    tmp_path: Path, size: tuple[int, int], point: str
) -> None:
    own_tree(tmp_path, size, [80] * 9, [150] * 9)
    text = reported(tmp_path)
    assert "WRONG: 2 of 2 labels looked at lie outside of their pictures" in text
    assert f"images/train.png ({size[1]}x{size[0]}), a point at {point}" in text
    assert "at the size at which they were labelled" in text


def test_labels_of_smaller_pictures_are_noted(tmp_path: Path) -> None:
    own_tree(tmp_path, (180, 320), [80] * 9, [150] * 9)
    report = check_tusimple(tmp_path)
    assert report.is_complete
    assert "were the labels made for smaller ones?" in "\n".join(report.lines())


def test_pictures_of_several_sizes_are_noted(tmp_path: Path) -> None:
    own_tree(tmp_path, (90, 160), [80] * 9)
    cv2.imwrite(str(tmp_path / "images/val.png"), np.zeros((92, 160, 3), np.uint8))
    report = check_tusimple(tmp_path)
    assert report.is_complete
    assert "needs images of one size" in "\n".join(report.lines())


def resize_images(root: Path, shape: tuple[int, int]) -> None:
    for path in root.glob("clips/*/*/20.jpg"):
        assert cv2.imwrite(str(path), np.zeros((*shape, 3), np.uint8))


def test_resized_images_are_wrong_unless_the_labels_size_is_given(root: Path) -> None:
    resize_images(root, (240, 426))
    text = reported(root)
    assert "4 images are not 1280x720" in text
    assert "--label-shape 720x1280" in text
    report = check_tusimple(root, label_shape=(720, 1280))
    assert report.is_complete
    text = "\n".join(report.lines())
    assert "4 of 4 images decoded (426x240: 4)" in text
    assert "labels for 1280x720, scaled to the images" in text


def test_a_label_shape_that_does_not_fit_is_told_with_file_and_line(root: Path) -> None:
    resize_images(root, (240, 426))
    report = check_tusimple(root, label_shape=(480, 852))
    assert not report.is_complete
    text = "\n".join(report.lines())
    assert "1 broken lines in label_data_0313.json" in text
    assert "label_data_0313.json:1: there is a point at (5, 700), outside" in text

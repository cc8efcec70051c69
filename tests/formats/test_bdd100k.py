import json
import os
import unicodedata
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from lanedet.datasets import BDD100KDataset
from lanedet.formats import (
    LANE_BACKGROUND,
    LabelError,
    LabelFaults,
    find_bdd100k_labels,
    lane_foreground,
    lanes_of_mask,
    read_bdd100k_labels,
    write_bdd100k_labels,
    write_bdd100k_lane_bytes,
    write_bdd100k_masks,
)
from lanedet.formats.bdd100k_splits import read_bdd100k_list
from lanedet.structures import LaneSample

EDGES = [[[100, 700], [200, 400]], [[210, 400], [112, 700]]]


def record(name: str, *, number: int = 10, **attributes: str) -> dict[str, Any]:
    """Return an image of the lane package with one mark, labelled by its edges."""
    labels = [
        {
            "id": str(number + index),
            "category": "single white",
            "attributes": {"laneDirection": "parallel", "laneStyle": "solid"}
            | attributes,
            "poly2d": [{"vertices": edge, "types": "LL", "closed": False}],
        }
        for index, edge in enumerate(EDGES)
    ]
    return {"name": f"{name}.jpg", "labels": labels}


def write_list(file: Path, *names: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([record(name) for name in names]))


def sample(name: str, *lanes: list[list[float]]) -> LaneSample:
    made = LaneSample(metainfo={"raw_file": name})
    made.gt_lanes = [np.array(lane, dtype=float) for lane in lanes]
    return made


def read(labels: Path, **options: bool) -> list[LaneSample]:
    folder = Path("images")
    return list(read_bdd100k_labels(labels, folder, LabelFaults(), **options))


def names_of(dataset: BDD100KDataset) -> list[str]:
    return [
        dataset.get_data_info(i)["data_samples"].raw_file for i in range(len(dataset))
    ]


def make(root: Path, split: str, **options: Any) -> BDD100KDataset:
    return BDD100KDataset(data_root=str(root), split=split, pipeline=[], **options)


def test_edges_become_one_centre_line(tmp_path: Path) -> None:
    write_list(tmp_path / "a.json", "x")
    (image,) = read(tmp_path / "a.json")
    assert image.raw_file == "x"
    assert image.img_path == str(Path("images") / "x.jpg")
    (lane,) = image.gt_lanes
    assert np.allclose(lane, [[106, 700], [205, 400]])


def test_what_crosses_the_road_is_left_out_unless_wanted(tmp_path: Path) -> None:
    content = [
        record("x", laneDirection="vertical"),
        {
            **record("y"),
            "labels": [{**record("y")["labels"][0], "category": "crosswalk"}],
        },
    ]
    (tmp_path / "a.json").write_text(json.dumps(content))
    assert [len(s.gt_lanes) for s in read(tmp_path / "a.json")] == [0, 0]
    kept = read(tmp_path / "a.json", drop_vertical=False, drop_crosswalks=False)
    assert [len(s.gt_lanes) for s in kept] == [1, 1]


@pytest.mark.parametrize("root", ["", "bdd100k"])
@pytest.mark.parametrize(
    ("split", "place"),
    [
        ("train", "labels/lane/polygons/lane_train.json"),
        ("val", "labels/lane/polygons/lane_train.json"),
        ("test", "labels/lane/polygons/lane_val.json"),
        ("test", "labels/bdd100k_labels_images_val.json"),
    ],
)
def test_lists_are_found(tmp_path: Path, root: str, split: str, place: str) -> None:
    write_list(tmp_path / root / place, *"abcdefg")
    assert find_bdd100k_labels(tmp_path, split) == tmp_path / root / place
    (tmp_path / root / "images/100k/val").mkdir(parents=True)
    dataset = make(tmp_path, split)
    assert len(dataset) == {"train": 6, "val": 1, "test": 7}[split]
    if split == "test":
        path = dataset.get_data_info(0)["data_samples"].img_path
        assert path == str(tmp_path / root / "images/100k/val/a.jpg")


@pytest.mark.parametrize(
    "place",
    [
        "val_label/final_val",
        "ll_seg_annotations/val",
        "bdd_lane_gt/val",
        "labels/lane/masks/val",
    ],
)
def test_masks_are_named_not_read(tmp_path: Path, place: str) -> None:
    folder = tmp_path / place
    folder.mkdir(parents=True)
    for name in "ba":
        cv2.imwrite(str(folder / f"{name}.png"), np.zeros((2, 2), np.uint8))
    dataset = make(tmp_path, "test")
    assert names_of(dataset) == ["a", "b"]
    first = dataset.get_data_info(0)["data_samples"]
    assert first.gt_mask_path == str(folder / "a.png")
    assert first.gt_lanes == []


def test_curves_come_before_masks_unless_named(tmp_path: Path) -> None:
    write_list(tmp_path / "labels/lane/polygons/lane_val.json", "a")
    write_bdd100k_masks(tmp_path / "ll_seg_annotations/val", [sample("b")])
    assert names_of(make(tmp_path, "test")) == ["a"]
    masks = make(tmp_path, "test", labels="ll_seg_annotations/val")
    assert names_of(masks) == ["b"]


def test_train_and_val_share_a_folder_without_overlap(tmp_path: Path) -> None:
    names = [f"{number:08x}-0" for number in range(70)]
    write_list(tmp_path / "labels/lane/polygons/lane_train.json", *names)
    train, val = (names_of(make(tmp_path, split)) for split in ("train", "val"))
    assert len(train) == 60
    assert len(val) == 10
    assert sorted(train + val) == names
    # Frozen: the split must be the same on every machine and in every release.
    assert val[:3] == ["00000003-0", "00000006-0", "00000008-0"]


def test_labels_of_another_task_are_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[str] = []
    monkeypatch.setattr(
        "lanedet.datasets.bdd100k_dataset.print_log",
        lambda text, **_: reported.append(text),
    )
    make(write_list_of_cars(tmp_path), "train")
    assert "None of the 2 images" in reported[0]
    assert "are these the lanes?" in reported[0]


def write_list_of_cars(root: Path) -> Path:
    box = {"category": "car", "box2d": {"x1": 1, "y1": 2, "x2": 3, "y2": 4}}
    file = root / "labels/lane/polygons/lane_train.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps([{"name": f"{n}.jpg", "labels": [box]} for n in "ab"]))
    return root


def make_images(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"{name}.jpg").touch()


def test_a_list_names_the_split(tmp_path: Path) -> None:
    write_list(tmp_path / "labels/lane/polygons/lane_train.json", *"abc")
    lines = "/train_img/train/c.jpg /train_label/final_train/c.png 1 1 1 1\r\n\na.jpg\n"
    (tmp_path / "val.txt").write_bytes(b"\xef\xbb\xbf" + lines.encode())
    assert names_of(make(tmp_path, "val", list_file="val.txt")) == ["c", "a"]
    (tmp_path / "val.txt").write_text("a\nb\nz\n")
    with pytest.raises(LabelError, match=r"val\.txt:3: the image 'z' has no label"):
        make(tmp_path, "val", list_file="val.txt")
    make_images(tmp_path / "images/100k/train", "a")  # b has none
    kept = make(tmp_path, "val", list_file="val.txt", on_error="skip")
    assert names_of(kept) == ["a"]


def test_broken_images_are_left_out_and_never_empty(tmp_path: Path) -> None:
    content = [record("a"), record("b"), record("c")]
    content[1]["labels"][0]["poly2d"] = None
    file = tmp_path / "labels/lane/polygons/lane_val.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(content))
    with pytest.raises(LabelError, match="image 'b'"):
        make(tmp_path, "test")
    make_images(tmp_path / "images/100k/val", *"abc")
    assert names_of(make(tmp_path, "test", on_error="skip")) == ["a", "c"]


def test_an_image_labelled_twice_is_refused(tmp_path: Path) -> None:
    write_list(tmp_path / "labels/lane/polygons/lane_val.json", "a", "a")
    with pytest.raises(LabelError, match="name the image 'a' twice"):
        make(tmp_path, "test")


def test_missing_labels_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="labels/100k/val"):
        make(tmp_path, "test")
    (tmp_path / "labels/100k/val").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="No labels in"):
        make(tmp_path, "test")
    with pytest.raises(ValueError, match="split must be one of"):
        make(tmp_path, "dev")


def test_written_labels_are_read_back(tmp_path: Path) -> None:
    lanes = [[[100.5, 700], [200, 400]], [[110.5, 700], [210, 400]]]
    folder = tmp_path / "labels/100k/val"
    write_bdd100k_labels(folder, [sample("b", *lanes), sample("a", [[1, 2]])])
    first, second = read(folder)
    assert first.raw_file == "a"
    assert first.gt_lanes == []
    # Two lanes, though near enough for edges of one mark.
    assert [lane.tolist() for lane in second.gt_lanes] == lanes


def test_written_masks_are_lanes_of_the_width_asked_for(tmp_path: Path) -> None:
    upright = sample("a", [[300.0, -5.0], [300.0, 800.0]])
    write_bdd100k_masks(tmp_path / "binary", [upright])
    mask = cv2.imread(str(tmp_path / "binary/a.png"), cv2.IMREAD_UNCHANGED)
    assert mask.shape == (720, 1280)
    assert np.unique(mask).tolist() == [0, 255]
    assert lanes_of_mask(mask).sum() == 2 * 720
    write_bdd100k_lane_bytes(tmp_path / "bytes", [upright], "double yellow", "dashed")
    mask = cv2.imread(str(tmp_path / "bytes/a.png"), cv2.IMREAD_UNCHANGED)
    assert np.unique(mask).tolist() == [0b010011, LANE_BACKGROUND]
    assert np.array_equal(lane_foreground(mask), lanes_of_mask(mask))


def test_writers_say_what_they_need(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="category must be one of"):
        write_bdd100k_labels(tmp_path, [], category="white")
    with pytest.raises(ValueError, match="must have gt_lanes"):
        write_bdd100k_labels(tmp_path, [LaneSample(metainfo={"raw_file": "a"})])


APPLE_DOUBLE = b"\0\5\x16\7\0\2\0\0Mac OS X"


@pytest.mark.parametrize(
    "hidden", ["._a.png", ".a.png", "._a.json", ".DS_Store", "Thumbs.db"]
)
def test_hidden_files_are_no_masks_and_no_labels(tmp_path: Path, hidden: str) -> None:
    masks, labels = tmp_path / "masks", tmp_path / "labels"
    write_bdd100k_masks(masks, [sample("a", [[9, 1], [9, 700]])])
    write_bdd100k_labels(labels, [sample("a", [[9, 1], [9, 700]])])
    for folder in (masks, labels):
        (folder / hidden).write_bytes(APPLE_DOUBLE)
        (folder / "__MACOSX").mkdir()
        (folder / "__MACOSX" / hidden).write_bytes(APPLE_DOUBLE)
    (from_mask,) = read(masks)
    assert from_mask.gt_mask_path == str(masks / "a.png")
    (from_json,) = read(labels)
    assert len(from_json.gt_lanes) == 1


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("/val/00.1a-b.c.jpg /m/00.1a-b.c.png 1 1", "00.1a-b.c"),
        ("drive.2024.05.01", "drive.2024.05.01"),
        ("a.b.PNG 1 1", "a.b"),
        ("val\\a.b.jpeg", "a.b"),
        ("val/my drive.1.jpg /m.png", "my drive.1"),
    ],
)
def test_names_in_lists_may_hold_dots(tmp_path: Path, line: str, name: str) -> None:
    (tmp_path / "list.txt").write_text(f"{line}\n")
    assert read_bdd100k_list(tmp_path / "list.txt") == [(1, name)]


def test_lists_and_labels_of_names_with_dots_agree(tmp_path: Path) -> None:
    write_list(tmp_path / "labels/lane/polygons/lane_train.json", "a.1", "a.2", "é.1")
    decomposed = unicodedata.normalize("NFD", "é.1")
    (tmp_path / "val.txt").write_text(f"a.2.jpg\na.1\n{decomposed}.jpg\n")
    assert names_of(make(tmp_path, "val", list_file="val.txt")) == ["a.2", "a.1", "é.1"]


@pytest.mark.parametrize("file", ["a.jpg", "a.JPG", "A.jpg", "a.jpeg", "a.png"])
def test_images_may_be_named_otherwise(tmp_path: Path, file: str) -> None:
    write_list(tmp_path / "labels.json", "a")
    (tmp_path / file).touch()
    labels = read_bdd100k_labels(tmp_path / "labels.json", tmp_path, LabelFaults())
    assert [sample.img_path for sample in labels] == [str(tmp_path / file)]


@pytest.mark.parametrize(
    "write", [write_bdd100k_labels, write_bdd100k_masks, write_bdd100k_lane_bytes]
)
def test_two_samples_of_one_name_are_refused_before(tmp_path: Path, write: Any) -> None:
    with pytest.raises(ValueError, match=r"a\.(json|png)' is the label of two"):
        write(tmp_path / "out", (sample(name) for name in "aba"))
    assert not (tmp_path / "out").exists()


def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xe9.1")
    write_bdd100k_masks(tmp_path / "masks", [sample(name, [[9, 1], [9, 700]])])
    write_bdd100k_labels(tmp_path / "labels", [sample(name, [[9, 1], [9, 700]])])
    assert (tmp_path / "masks" / os.fsdecode(b"\xe9.1.png")).is_file()
    (from_mask,), (from_json,) = read(tmp_path / "masks"), read(tmp_path / "labels")
    assert from_mask.raw_file == from_json.raw_file == name

import json
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from lanedet.datasets import (
    ApplyView,
    Augment,
    LoadImage,
    RasterizeLanes,
    ToTensors,
    TuSimpleDataset,
)
from lanedet.formats import LabelError, OnError
from lanedet.ops import LetterboxView

PIPELINE = [
    dict(type=LoadImage),
    dict(type=ApplyView, view=dict(type=LetterboxView, input_shape=(96, 160))),
    dict(type=Augment, transforms=[dict(name="Affine", rotate=(-9, 9), p=1.0)]),
    dict(type=RasterizeLanes, num_lanes=6, lane_width_px=3),
    dict(type=ToTensors),
]


def make_dataset(
    root: Path, *ann_files: str, on_error: OnError = "raise"
) -> TuSimpleDataset:
    return TuSimpleDataset(
        data_root=str(root),
        ann_files=list(ann_files),
        pipeline=PIPELINE,
        on_error=on_error,
    )


def test_reads_the_label_files_in_order(scenes_root: Path) -> None:
    dataset = make_dataset(scenes_root, "label_data_0601.json", "test_label.json")
    first = dataset[0]["data_samples"].raw_file
    last = dataset[len(dataset) - 1]["data_samples"].raw_file
    assert first.startswith("clips/0601/")
    assert last.startswith("clips/0530/")
    assert dataset[0]["inputs"].shape == (3, 96, 160)


def test_a_draw_names_the_sample_and_seeds_its_augmentation(scenes_root: Path) -> None:
    dataset = make_dataset(scenes_root, "label_data_0313.json")
    size = len(dataset)
    first, again, next_pass = dataset[1], dataset[1], dataset[1 + size]
    assert torch.equal(first["inputs"], again["inputs"])
    assert next_pass["data_samples"].raw_file == first["data_samples"].raw_file
    assert not torch.equal(first["inputs"], next_pass["inputs"])


def test_workers_change_nothing(scenes_root: Path) -> None:
    dataset = make_dataset(scenes_root, "label_data_0313.json")
    draws = [0, 3, 9, 12]
    alone, shared = (
        [
            item["inputs"]
            for item in DataLoader(
                dataset, sampler=draws, batch_size=None, num_workers=workers
            )
        ]
        for workers in (0, 2)
    )
    for ours, theirs in zip(alone, shared, strict=True):
        assert torch.equal(ours, theirs)


def broken_copy(scenes_root: Path, folder: Path, num_whole: int) -> Path:
    """Write a label file in which all lines but the first ones are cut off."""
    lines = (scenes_root / "label_data_0313.json").read_text().splitlines()
    broken = [line[:50] for line in lines[num_whole:]]
    (folder / "labels.json").write_text("\n".join(lines[:num_whole] + broken))
    (folder / "clips").symlink_to(scenes_root / "clips")
    return folder


def test_broken_labels_are_left_out_and_counted(
    scenes_root: Path, tmp_path: Path
) -> None:
    root = broken_copy(scenes_root, tmp_path, num_whole=2)
    with pytest.raises(LabelError, match=r"labels\.json:3: this is not valid JSON"):
        make_dataset(root, "labels.json")
    dataset = make_dataset(root, "labels.json", on_error="skip")
    assert len(dataset) == 2
    assert len(dataset.faults.messages) > 2


def test_kaggles_layout(scenes_root: Path, tmp_path: Path) -> None:
    (tmp_path / "train_set").mkdir()
    for name in ("clips", "label_data_0313.json"):
        (tmp_path / "train_set" / name).symlink_to(scenes_root / name)
    dataset = make_dataset(tmp_path, "label_data_0313.json")
    assert dataset[0]["inputs"].shape == (3, 96, 160)


def test_absent_images_are_left_out_on_request(
    scenes_root: Path, tmp_path: Path
) -> None:
    text = (scenes_root / "label_data_0313.json").read_text()
    (tmp_path / "label_data_0313.json").write_text(text)
    first = json.loads(text.splitlines()[0])["raw_file"]
    (tmp_path / first).parent.mkdir(parents=True)
    (tmp_path / first).symlink_to(scenes_root / first)
    dataset = make_dataset(tmp_path, "label_data_0313.json", on_error="skip")
    assert len(dataset) == 1
    assert len(dataset.faults.messages) == len(text.splitlines()) - 1
    assert "names this image, but it is absent" in dataset.faults.messages[0]


def test_nothing_left_is_an_error(scenes_root: Path, tmp_path: Path) -> None:
    root = broken_copy(scenes_root, tmp_path, num_whole=0)
    with pytest.raises(LabelError, match=r"None of the labels .*labels\.json:1: "):
        make_dataset(root, "labels.json", on_error="skip")


def test_missing_data_set(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"label_data_0313\.json"):
        make_dataset(tmp_path, "label_data_0313.json").full_init()


def test_one_label_file_may_be_a_text(scenes_root: Path) -> None:
    name = "test_label.json"
    one = TuSimpleDataset(data_root=str(scenes_root), ann_files=name, pipeline=PIPELINE)
    assert one.ann_files == [name]
    assert len(one) == len(make_dataset(scenes_root, name)) > 0

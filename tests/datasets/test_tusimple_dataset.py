from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from lanedet.datasets import (
    ApplyView,
    Augment,
    LoadImage,
    PackInputs,
    RasterizeLanes,
    TuSimpleDataset,
)
from lanedet.ops import LetterboxView

PIPELINE = [
    dict(type=LoadImage),
    dict(type=ApplyView, view=dict(type=LetterboxView, input_shape=(96, 160))),
    dict(type=Augment, transforms=[dict(name="Affine", rotate=(-9, 9), p=1.0)]),
    dict(type=RasterizeLanes, num_lanes=6, lane_width_px=3),
    dict(type=PackInputs),
]


def make_dataset(root: Path, *ann_files: str) -> TuSimpleDataset:
    return TuSimpleDataset(
        data_root=str(root), ann_files=list(ann_files), pipeline=PIPELINE
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


def test_missing_data_set(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"label_data_0313\.json"):
        make_dataset(tmp_path, "label_data_0313.json").full_init()

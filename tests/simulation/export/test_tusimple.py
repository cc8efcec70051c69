import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from lanedet.formats import read_tusimple_labels, tusimple_rows
from lanedet.ops import xs_at_rows
from lanedet.simulation import (
    make_scene,
    sample_scene,
    scene_lanes,
    write_scene_tree,
)
from lanedet.simulation.export.tusimple import TASK_FILE, TUSIMPLE_TREE

SHAPE = (180, 320)
LABEL_FILES = tuple(TUSIMPLE_TREE.shares)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    counts = write_scene_tree(root, 12, seed=4, shape=SHAPE)
    assert counts == dict(zip(LABEL_FILES, (6, 4, 1, 1), strict=True))
    return root


def test_the_reader_reads_the_lanes_back(tree: Path) -> None:
    number = 0
    for name in LABEL_FILES:
        for read in read_tusimple_labels(tree / name, tree):
            made = scene_lanes(sample_scene(4, number), SHAPE)
            assert len(read.gt_lanes) == len(made)
            for lane, truth in zip(read.gt_lanes, made, strict=True):
                xs = xs_at_rows(truth, lane[:, 1])
                assert np.abs(lane[:, 0] - xs).max() <= 0.5
                assert (
                    len(lane)
                    == (~np.isnan(xs_at_rows(truth, tusimple_rows(180)))).sum()
                )
            number += 1
    assert number == 12


def test_images_are_the_scenes(tree: Path) -> None:
    sample = read_tusimple_labels(tree / LABEL_FILES[0], tree)[2]
    image = cv2.cvtColor(cv2.imread(sample.img_path), cv2.COLOR_BGR2RGB)
    made, _ = make_scene(4, 2, SHAPE)
    assert np.abs(image.astype(int) - made).mean() < 4


def test_every_image_belongs_to_one_label(tree: Path) -> None:
    named = [
        json.loads(line)["raw_file"]
        for name in LABEL_FILES
        for line in (tree / name).read_text().splitlines()
    ]
    images = {path.relative_to(tree).as_posix() for path in tree.rglob("20.jpg")}
    assert len(named) == len(set(named)) == 12
    assert set(named) == images


def test_template_names_the_test_images(tree: Path) -> None:
    tasks = [json.loads(line) for line in (tree / TASK_FILE).read_text().splitlines()]
    truth = (tree / "test_label.json").read_text().splitlines()
    labels = [json.loads(line) for line in truth]
    for task, label in zip(tasks, labels, strict=True):
        assert task["raw_file"] == label["raw_file"]
        assert task["h_samples"] == label["h_samples"]
        assert task["lanes"] == []
        assert task["run_time"] == 1000

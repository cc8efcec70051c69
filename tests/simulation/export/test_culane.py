from pathlib import Path

import numpy as np
import pytest

from lanedet.formats import read_culane_labels, read_culane_list
from lanedet.formats.label_faults import LabelFaults
from lanedet.ops import xs_at_rows
from lanedet.simulation import sample_scene, scene_lanes, write_scene_tree
from lanedet.simulation.export.culane import LISTS, category_lists
from lanedet.simulation.sampling.categories import CATEGORIES

SHAPE = (118, 328)
NAMES = {"crowd": "crowded", "hlight": "dazzle", "noline": "no_line"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("culane")
    counts = write_scene_tree(root, 20, 7, SHAPE, 1, "diverse", "culane")
    assert counts == {"train": 16, "val": 2, "test": 2}
    return root


def test_the_reader_reads_the_lanes_back(tree: Path) -> None:
    number = 0
    for list_file in LISTS.values():
        for read in read_culane_labels(tree / list_file, tree, LabelFaults()):
            made = scene_lanes(sample_scene(7, number, "diverse"), SHAPE)
            assert len(read.gt_lanes) == len(made)
            for lane, truth in zip(read.gt_lanes, made, strict=True):
                xs = xs_at_rows(truth, lane[:, 1])
                assert np.abs(lane[:, 0] - xs).max() <= 1e-3
                assert (np.diff(lane[:, 1]) < 0).all(), "from the bottom up"
                assert np.ptp(truth[:, 1]) - np.ptp(lane[:, 1]) < 4
            assert Path(read.img_path).is_file()
            number += 1
    assert number == 20


def test_test_images_have_their_category(tree: Path) -> None:
    samples = read_culane_labels(tree / "list/test.txt", tree, LabelFaults())
    for number, sample in zip((18, 19), samples, strict=True):
        made = sample_scene(7, number, "diverse").category
        assert NAMES.get(sample.category, sample.category) == made


def test_the_nine_lists_are_the_benchmarks_and_others_follow() -> None:
    lists = category_lists()
    assert lists.keys() == CATEGORIES.keys()
    names = [
        "normal",
        "crowd",
        "hlight",
        "shadow",
        "noline",
        "arrow",
        "curve",
        "cross",
        "night",
    ]
    expected = [f"list/test_split/test{i}_{name}.txt" for i, name in enumerate(names)]
    assert list(lists.values())[:9] == expected
    assert lists["rain"].startswith("list/test_split/test1")
    assert len(set(lists.values())) == len(CATEGORIES)


def test_lists_name_images_as_the_benchmarks_do(tree: Path) -> None:
    first = (tree / "list/train_gt.txt").read_text().splitlines()[0]
    assert first == "/scenes_train/000000.jpg"
    assert read_culane_list(tree / "list/test.txt")[0].name == "scenes_test/000018.jpg"

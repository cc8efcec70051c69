import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from lanedet import __version__
from lanedet.datasets import read_tusimple_labels
from lanedet.ops import xs_at_rows
from lanedet.simulation import make_scene, write_tusimple_tree
from lanedet.simulation.tusimple_tree import (
    LABEL_FILES,
    PROVENANCE_FILE,
    TASK_FILE,
    split_counts,
)

SHAPE = (180, 320)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    counts = write_tusimple_tree(root, 12, seed=4, shape=SHAPE)
    assert counts == dict(zip(LABEL_FILES, (6, 4, 1, 1), strict=True))
    return root


def contents(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def test_the_reader_reads_the_lanes_back(tree: Path) -> None:
    number = 0
    for name in LABEL_FILES:
        for read in read_tusimple_labels(tree / name, tree):
            _, made = make_scene(4, number, SHAPE)
            assert len(read.gt_lanes) == len(made.gt_lanes)
            for lane, truth in zip(read.gt_lanes, made.gt_lanes, strict=True):
                xs = xs_at_rows(truth, lane[:, 1])
                assert np.abs(lane[:, 0] - xs).max() <= 0.5
                assert len(lane) == (~np.isnan(xs_at_rows(truth, made.rows))).sum()
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


def test_scenes_of_an_earlier_run_do_not_stay(tmp_path: Path) -> None:
    write_tusimple_tree(tmp_path, 8, seed=0, shape=SHAPE)
    write_tusimple_tree(tmp_path, 4, seed=1, shape=SHAPE)
    named = {
        sample.img_path
        for name in LABEL_FILES
        for sample in read_tusimple_labels(tmp_path / name, tmp_path)
    }
    assert {str(path) for path in tmp_path.rglob("*.jpg")} == named


def test_template_names_the_test_images(tree: Path) -> None:
    tasks = [json.loads(line) for line in (tree / TASK_FILE).read_text().splitlines()]
    truth = (tree / "test_label.json").read_text().splitlines()
    labels = [json.loads(line) for line in truth]
    for task, label in zip(tasks, labels, strict=True):
        assert task["raw_file"] == label["raw_file"]
        assert task["h_samples"] == label["h_samples"]
        assert task["lanes"] == []
        assert task["run_time"] == 1000


def test_workers_do_not_change_the_files(tree: Path, tmp_path: Path) -> None:
    write_tusimple_tree(tmp_path, 12, seed=4, shape=SHAPE, num_workers=2)
    assert contents(tmp_path) == contents(tree)


def test_an_interrupted_run_leaves_no_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tusimple_tree(tmp_path, 4, seed=0, shape=SHAPE)
    written = []

    def interrupt(_: Path, data: bytes) -> int:
        written.append(data)
        if len(written) == 3:
            raise KeyboardInterrupt
        return len(data)

    monkeypatch.setattr(Path, "write_bytes", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_tusimple_tree(tmp_path, 4, seed=1, shape=SHAPE)
    assert [path.name for path in tmp_path.glob("*.json")] == [PROVENANCE_FILE]
    monkeypatch.undo()
    write_tusimple_tree(tmp_path, 4, seed=1, shape=SHAPE)  # it can be repeated
    assert (tmp_path / TASK_FILE).is_file()


def test_the_first_run_may_be_interrupted_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: Path, target: Path) -> Path:
        raise KeyboardInterrupt(target)

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_tusimple_tree(tmp_path, 4, seed=0, shape=SHAPE)
    monkeypatch.undo()
    write_tusimple_tree(tmp_path, 4, seed=0, shape=SHAPE)
    assert (tmp_path / TASK_FILE).is_file()


def test_the_template_appears_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    appeared = []
    replace = Path.replace

    def record(part: Path, target: Path) -> Path:
        appeared.append(target.name)
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", record)
    write_tusimple_tree(tmp_path, 4, seed=0, shape=SHAPE)
    assert appeared == [*LABEL_FILES, TASK_FILE]


def test_the_tree_says_how_it_was_made(tree: Path) -> None:
    said = json.loads((tree / PROVENANCE_FILE).read_text())
    assert said == {
        "num": 12,
        "seed": 4,
        "size": "320x180",
        "lanedet": __version__,
        "category": None,
    }


@pytest.mark.parametrize("name", [*LABEL_FILES, TASK_FILE])
def test_a_real_data_set_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(ValueError, match=rf"has {name} .* Choose another folder"):
        write_tusimple_tree(tmp_path, 4, seed=0, shape=SHAPE)
    assert contents(tmp_path) == {name: b"precious"}


@pytest.mark.parametrize("num_scenes", [4, 5, 7, 10, 33, 100, 2001])
def test_split_counts_cover_all_scenes(num_scenes: int) -> None:
    counts = split_counts(num_scenes)
    assert sum(counts) == num_scenes
    assert min(counts) >= 1
    if num_scenes >= 100:
        assert counts[0] + counts[1] == pytest.approx(0.8 * num_scenes, abs=2)


@pytest.mark.parametrize(
    ("num_scenes", "seed", "shape", "num_workers", "message"),
    [
        pytest.param(3, 0, SHAPE, 1, "num_scenes must be at least 4", id="too few"),
        pytest.param(8, -1, SHAPE, 1, "seed must be >= 0", id="seed"),
        pytest.param(8, 0, (10, 20), 1, "at least", id="too small"),
        pytest.param(8, 0, SHAPE, 0, "num_workers must be at least 1", id="workers"),
    ],
)
def test_bad_numbers(
    tmp_path: Path,
    num_scenes: int,
    seed: int,
    shape: tuple[int, int],
    num_workers: int,
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        write_tusimple_tree(tmp_path, num_scenes, seed, shape, num_workers)
    assert not list(tmp_path.iterdir())

import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from lanedet.datasets import CULaneDataset
from lanedet.datasets.checks import check_culane
from lanedet.images import read_image
from lanedet.simulation import RoadScenesDataset, make_scene
from lanedet.simulation import road_scenes as module
from lanedet.simulation.road_scenes import take_fingerprints
from lanedet.simulation.sampler import label_rows
from lanedet.simulation.scene_files import SceneCollection

SHAPE = (108, 300)
SEED = 11
FINGERPRINTS = take_fingerprints(SceneCollection(SEED, SHAPE, "culane"), 6)


def dataset(root: Path, **options: Any) -> RoadScenesDataset:
    arguments = {
        "split": "test",
        "seed": SEED,
        "num_scenes": 6,
        "shape": SHAPE,
        "category": "culane",
        "pipeline": [],
        "test_mode": True,
    }
    return RoadScenesDataset(data_root=str(root), **{**arguments, **options})


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the scenes that are made."""
    numbers: list[int] = []
    make = module.make_scene_files

    def record(*args: Any) -> Any:
        numbers.extend(task.number for task in args[2])
        return make(*args)

    monkeypatch.setattr(module, "make_scene_files", record)
    return numbers


def test_the_first_use_makes_the_scenes(
    tmp_path: Path, tasks: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "data" / "scenes"
    made = dataset(root, fingerprints=FINGERPRINTS)
    assert f"Making 6 scenes in {root}/scenes_test" in capsys.readouterr().out
    assert len(made) == len(tasks) == 6
    for number in range(6):
        sample = made.get_data_info(number)["data_samples"]
        image, truth = make_scene(SEED, number, SHAPE, "culane")
        assert len(sample.gt_lanes) == len(truth.gt_lanes)
        assert np.array_equal(sample.rows, label_rows(108))
        assert sample.category
        assert np.abs(read_image(sample.img_path).astype(int) - image).mean() < 5
    dataset(root)
    assert len(tasks) == 6, "the second use makes nothing"
    assert not (root / ".part").exists()


def test_the_folder_is_a_culane_tree(tmp_path: Path) -> None:
    for split, seed in (("train", 1), ("val", 2), ("test", 3)):
        dataset(tmp_path, split=split, seed=seed, num_scenes=2)
    report = check_culane(tmp_path, decode_all=True)
    assert report.is_complete, report.lines()
    read = CULaneDataset(
        data_root=str(tmp_path), list_file="list/val_gt.txt", pipeline=[]
    )
    assert len(read) == 2


def test_fewer_scenes_are_the_first_and_more_are_added(
    tmp_path: Path, tasks: list[int]
) -> None:
    assert len(dataset(tmp_path, num_scenes=2)) == 2
    assert len(dataset(tmp_path, num_scenes=5)) == 5
    assert tasks == [0, 1, 2, 3, 4]
    few = dataset(tmp_path, num_scenes=3)
    assert len(few) == 3
    assert few.get_data_info(2)["data_samples"].raw_file.endswith("000002.jpg")


def test_an_interrupted_run_goes_on(
    tmp_path: Path, tasks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = module.write_lane_files
    written = []

    def interrupt(root: Path, samples: Any) -> None:
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(samples)
        write(root, samples)

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_lane_files", interrupt)
        with pytest.raises(KeyboardInterrupt):
            dataset(tmp_path)
    assert not (tmp_path / "list").exists(), "nobody takes it for complete"
    tasks.clear()
    assert len(dataset(tmp_path, fingerprints=FINGERPRINTS)) == 6
    assert tasks == [3, 4, 5]


def test_processes_wait_for_one_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = FileLock(tmp_path / ".lock", thread_local=False)
    other.acquire()
    waiting = threading.Thread(target=dataset, args=(tmp_path,))
    waiting.start()
    time.sleep(1.5)
    assert not (tmp_path / "scenes_test").exists()
    other.release()
    waiting.join(timeout=60)
    assert (tmp_path / "list/test.txt").is_file()
    assert "Waiting for the process that makes scenes" in capsys.readouterr().out


def test_other_scenes_in_the_folder_are_told(tmp_path: Path) -> None:
    dataset(tmp_path, num_scenes=1)
    with pytest.raises(ValueError, match="holds other scenes: seed 11 instead of 12"):
        dataset(tmp_path, seed=12)
    provenance = tmp_path / "scenes_test" / "scenes.json"
    assert json.loads(provenance.read_text())["size"] == "300x108"
    provenance.write_text("[1]")
    with pytest.raises(ValueError, match="holds other scenes: seed None"):
        dataset(tmp_path)


def test_a_real_data_set_is_not_taken_for_scenes(tmp_path: Path) -> None:
    (tmp_path / "list").mkdir()
    (tmp_path / "list/test.txt").write_text("/driver_37/a.MP4/00000.jpg\n" * 9)
    with pytest.raises(ValueError, match=r"has list/test.txt, but no scenes_test/sce"):
        dataset(tmp_path)


def test_scenes_that_look_otherwise_are_told(tmp_path: Path) -> None:
    number, _, expected = FINGERPRINTS[0].partition(" ")
    wrong = f"{number} {'00' if expected[:2] != '00' else 'ff'}{expected[2:]}"
    with pytest.raises(ValueError, match=r"000000.jpg' is not the scene .* by \d+ gre"):
        dataset(tmp_path, fingerprints=[wrong], num_scenes=1)
    # A scene that is not asked for is not looked at.
    dataset(tmp_path, fingerprints=[wrong.replace("0", "7", 1)], num_scenes=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "all"}, "split must be one of train, val, test, got 'all'"),
        ({"num_scenes": 0}, "num_scenes must be at least 1, got 0"),
        ({"seed": -1}, "seed must be from 0"),
        ({"shape": (10, 10)}, "A scene needs at least"),
        ({"category": "mud"}, "category must be one of .* got 'mud'"),
    ],
)
def test_bad_input(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataset(tmp_path, **options)
    assert not list(tmp_path.iterdir())

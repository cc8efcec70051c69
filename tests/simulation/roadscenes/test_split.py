import json
import multiprocessing
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from lanedet.datasets import CULaneDataset, RoadScenesDataset
from lanedet.datasets.checks import check_culane
from lanedet.files import visible_files
from lanedet.formats import LabelError, culane_label_path, tusimple_rows
from lanedet.images import read_image
from lanedet.simulation import make_scene, write_scene_tree
from lanedet.simulation.export.scene_files import SceneCollection
from lanedet.simulation.roadscenes import split as module
from lanedet.simulation.roadscenes.freezing import take_fingerprints, write_fingerprints

AnotherDrawing = Callable[[], AbstractContextManager[None]]

SHAPE = (108, 300)
SEED = 11

pytestmark = pytest.mark.usefixtures("scenes_drawn_once")


@pytest.fixture
def frozen(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file that freezes the first scenes of the test split."""
    file = tmp_path_factory.mktemp("frozen") / "version_0.txt"
    collection = SceneCollection(SEED, SHAPE, "culane")
    write_fingerprints(file, {"test": take_fingerprints(collection, 6)})
    return str(file)


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
    tmp_path: Path,
    tasks: list[int],
    frozen: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = tmp_path / "data" / "scenes"
    made = dataset(root, fingerprints=frozen)
    assert f"Making 6 scenes in {root}/scenes_test" in capsys.readouterr().out
    assert len(made) == len(tasks) == 6
    for number in range(6):
        sample = made.get_data_info(number)["data_samples"]
        image, truth = make_scene(SEED, number, SHAPE, "culane")
        assert len(sample.gt_lanes) == len(truth.gt_lanes)
        assert np.array_equal(sample.rows, tusimple_rows(108))
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
    tmp_path: Path, frozen: str, tasks: list[int], monkeypatch: pytest.MonkeyPatch
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
    assert len(dataset(tmp_path, fingerprints=frozen)) == 6
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


def test_two_processes_at_once_make_each_scene_once(tmp_path: Path) -> None:
    collection = SceneCollection(SEED, SHAPE, "culane")
    one, two = tmp_path / "one", tmp_path / "two"
    module.make_split(one, "test", collection, 12)
    context = multiprocessing.get_context("fork")
    start, counts = context.Barrier(2), context.SimpleQueue()

    def make() -> None:
        made = []
        write = module.write_lane_files
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                module,
                "write_lane_files",
                lambda *args: (made.append(1), write(*args)),
            )
            start.wait()
            module.make_split(two, "test", collection, 12)
        counts.put(len(made))

    processes = [context.Process(target=make) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)
        assert process.exitcode == 0
    assert sorted([counts.get(), counts.get()]) == [0, 12]
    files = {path.relative_to(one) for path in visible_files(one)}
    assert files == {path.relative_to(two) for path in visible_files(two)}
    assert all((one / f).read_bytes() == (two / f).read_bytes() for f in files)


def test_a_process_that_runs_its_starter_s_script_does_not_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starting = multiprocessing.current_process()
    monkeypatch.setattr(starting, "_inheriting", True, raising=False)
    with FileLock(tmp_path / ".lock"), pytest.raises(RuntimeError, match="__main__"):
        dataset(tmp_path)


SCRIPT = """
from lanedet.datasets import RoadScenesDataset
from lanedet.simulation.export import scene_files

scene_files.MIN_SCENES_TO_SHARE = 2
RoadScenesDataset(
    data_root={root!r}, split="train", seed=11, num_scenes=16, shape=(108, 300),
    category="culane", pipeline=[],
)
"""


@pytest.mark.slow
def test_a_script_without_a_guard_fails_at_once(tmp_path: Path) -> None:
    script = tmp_path / "user.py"
    script.write_text(SCRIPT.format(root=str(tmp_path / "scenes")))
    result = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("ChildProcessError: A process that makes scenes has ended")
    guard = 'below `if __name__ == "__main__":`'
    assert guard in last
    assert f"'{script}' must make scenes, and data sets" in result.stderr


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


def test_scenes_that_look_otherwise_are_told(
    tmp_path: Path, frozen: str, another_drawing: AnotherDrawing
) -> None:
    with another_drawing():
        dataset(tmp_path)
    with pytest.raises(
        ValueError, match=r"000000.jpg' is not the scene .* its means d"
    ):
        dataset(tmp_path, fingerprints=frozen)
    # A scene that is not asked for is not looked at.
    beyond = tmp_path / "beyond.txt"
    lines = Path(frozen).read_text().splitlines()[:3]
    beyond.write_text("\n".join(line.replace(" 0 ", " 7 ") for line in lines))
    assert len(dataset(tmp_path, fingerprints=str(beyond))) == 6
    assert len(dataset(tmp_path)) == 6, "nothing says how they must look"


def test_half_a_data_set_of_another_drawing_is_not_as_the_config_says(
    tmp_path: Path, frozen: str, another_drawing: AnotherDrawing
) -> None:
    dataset(tmp_path, fingerprints=frozen)
    with another_drawing():
        dataset(tmp_path / "other")
    for number in (3, 4, 5):
        name = f"scenes_test/{number:06d}.jpg"
        (tmp_path / "other" / name).replace(tmp_path / name)
    with pytest.raises(ValueError, match=r"00000[345].jpg' is not the scene that"):
        dataset(tmp_path, fingerprints=frozen)


@pytest.mark.parametrize("is_interrupted", [True, False])
def test_another_drawing_does_not_go_on_with_a_folder(
    is_interrupted: bool,
    tmp_path: Path,
    tasks: list[int],
    another_drawing: AnotherDrawing,
) -> None:
    dataset(tmp_path, num_scenes=4)
    if is_interrupted:
        (tmp_path / "list/test.txt").unlink()
    tasks.clear()
    before = (tmp_path / "scenes_test/scenes.json").read_bytes()
    with another_drawing():
        if not is_interrupted:
            assert len(dataset(tmp_path, num_scenes=4)) == 4, "they are of one drawing"
        with pytest.raises(
            ValueError, match=r"draws otherwise, such as '00.* its mean"
        ):
            dataset(tmp_path)
    assert tasks == []
    assert (tmp_path / "scenes_test/scenes.json").read_bytes() == before
    assert len(dataset(tmp_path)) == 6
    assert tasks == [4, 5]


def test_another_state_of_the_source_that_draws_alike_goes_on(
    tmp_path: Path, tasks: list[int]
) -> None:
    dataset(tmp_path, num_scenes=4)
    provenance = tmp_path / "scenes_test/scenes.json"
    reported = json.loads(provenance.read_text())
    provenance.write_text(json.dumps({**reported, "drawing": "0123456789ab"}))
    dataset(tmp_path)
    assert tasks == [0, 1, 2, 3, 4, 5]
    assert json.loads(provenance.read_text()) == reported


def test_a_version_that_did_not_check_has_worked_on_a_folder(tmp_path: Path) -> None:
    dataset(tmp_path, num_scenes=2)
    provenance = tmp_path / "scenes_test/scenes.json"
    reported = json.loads(provenance.read_text())
    del reported["drawing"]
    provenance.write_text(json.dumps(reported))
    with pytest.raises(ValueError, match="does not say which drawing made its scenes"):
        dataset(tmp_path, num_scenes=2)


def test_half_an_image_is_told_when_a_folder_is_continued(tmp_path: Path) -> None:
    dataset(tmp_path, num_scenes=2)
    image = tmp_path / "scenes_test/000001.jpg"
    image.write_bytes(image.read_bytes()[:900])
    with pytest.raises(ValueError, match=r"000001.jpg.*Delete the folder"):
        dataset(tmp_path)


@pytest.mark.parametrize("is_complete", [True, False])
def test_a_data_set_of_make_scenes_is_not_adopted(
    is_complete: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if not is_complete:  # all scenes have labels, but there are no lists
            patch.setattr(
                "lanedet.simulation.export.scene_tree.hold_interrupts", interrupt
            )
        try:
            write_scene_tree(tmp_path, 6, 5, SHAPE, 1, "culane", "culane")
        except KeyboardInterrupt:
            assert (tmp_path / "scenes_test/000005.lines.txt").is_file()
    assert (tmp_path / "list").is_dir() == is_complete
    with pytest.raises(ValueError, match=r"scenes.json, so lanedet scenes makes"):
        dataset(tmp_path)
    (tmp_path / "scenes.json").unlink()
    with pytest.raises(ValueError, match=r"it has .*, but no scenes_test/scenes.json"):
        dataset(tmp_path)


@pytest.mark.parametrize("ending", [".jpg", ".lines.txt"])
def test_a_missing_file_says_what_to_do(
    ending: str, tmp_path: Path, tasks: list[int]
) -> None:
    dataset(tmp_path)
    lost = tmp_path / f"scenes_test/000003{ending}"
    content = lost.read_bytes()
    lost.unlink()
    list_file = tmp_path / "list/test.txt"
    expected = f"000003{ending}.* Delete '{list_file}', and missing scenes are made ag"
    with pytest.raises(LabelError, match=expected):
        dataset(tmp_path)
    tasks.clear()
    list_file.unlink()
    dataset(tmp_path)
    assert tasks == [3]
    assert lost.read_bytes() == content


def test_an_image_that_is_made_again_has_no_label_until_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset(tmp_path)
    (tmp_path / "list/test.txt").unlink()
    (tmp_path / "scenes_test/000003.jpg").unlink()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lanedet.simulation.export.scene_files.make_scene", interrupt)
    with pytest.raises(KeyboardInterrupt):
        dataset(tmp_path)
    assert not culane_label_path(tmp_path, "scenes_test/000003.jpg").exists()
    assert culane_label_path(tmp_path, "scenes_test/000002.jpg").exists()


@pytest.mark.parametrize("tree_format", ["tusimple", "culane", "bdd100k"])
def test_make_scenes_leaves_the_benchmark_alone(
    tmp_path: Path, tree_format: str
) -> None:
    dataset(tmp_path, num_scenes=2)
    with pytest.raises(ValueError, match="must not hold a data set that was not gen"):
        write_scene_tree(tmp_path, 6, 5, SHAPE, 1, "culane", tree_format)
    assert len(dataset(tmp_path, num_scenes=2)) == 2

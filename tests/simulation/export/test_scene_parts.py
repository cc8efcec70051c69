import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from lanedet.files import ClaimedError, claim_folder, visible_files
from lanedet.simulation import (
    TREE_FORMATS,
    ScenePart,
    write_scene_part,
    write_scene_tree,
)
from lanedet.simulation.export import scene_parts
from lanedet.simulation.export.scene_files import PROVENANCE_FILE

pytestmark = pytest.mark.usefixtures("scenes_drawn_once")

NUM_SCENES = 11
HOW = {"seed": 3, "shape": (90, 160), "category": "culane"}


def contents(root: Path) -> dict[str, bytes]:
    """Return all files of a tree but its lock, also the hidden ones."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def write_part(root: Path, number: int, num_parts: int = 3, **how: object) -> list[int]:
    options = {**HOW, "num_scenes": NUM_SCENES, **how}
    return write_scene_part(root, ScenePart(number, num_parts), **options)


@pytest.mark.parametrize("num_parts", [1, 2, 3, 11, 1000])
def test_every_scene_is_of_one_part(num_parts: int) -> None:
    ranges = [ScenePart(n + 1, num_parts).numbers(1234) for n in range(num_parts)]
    assert ranges[0].start == 0
    assert ranges[-1].stop == 1234
    assert all(one.stop == other.start for one, other in pairwise(ranges))
    assert max(map(len, ranges)) - min(map(len, ranges)) <= 1


@pytest.mark.parametrize("tree_format", TREE_FORMATS)
def test_parts_become_the_tree_of_one_machine(tree_format: str, tmp_path: Path) -> None:
    one, shared = tmp_path / "one", tmp_path / "shared"
    write_scene_tree(one, NUM_SCENES, **HOW, tree_format=tree_format)
    assert write_part(shared, 3, tree_format=tree_format) == [1, 2]
    assert write_part(shared, 1, tree_format=tree_format) == [2]
    last = TREE_FORMATS[tree_format].labels[-1]
    assert not (shared / last).exists()  # what is not complete does not look so
    assert write_part(shared, 2, tree_format=tree_format) == []
    assert contents(shared) == contents(one)
    assert write_part(shared, 2, tree_format=tree_format) == []
    assert contents(shared) == contents(one)


def test_folders_of_several_machines_are_copied_together(tmp_path: Path) -> None:
    one, machines = tmp_path / "one", [tmp_path / f"machine{n}" for n in (1, 2, 3)]
    write_scene_tree(one, NUM_SCENES, **HOW, tree_format="culane")
    for number, machine in enumerate(machines, start=1):
        missing = write_part(machine, number, tree_format="culane")
        assert missing == [n for n in (1, 2, 3) if n != number]
        shutil.copytree(machine, tmp_path / "all", dirs_exist_ok=True)
    made = scene_parts.make_images
    try:
        scene_parts.make_images = None  # nothing is made again
        assert write_part(tmp_path / "all", 1, tree_format="culane") == []
    finally:
        scene_parts.make_images = made
    assert contents(tmp_path / "all") == contents(one)


def test_an_interrupted_part_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_part(tmp_path, 1, num_parts=2)
    with monkeypatch.context() as patch:

        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(scene_parts, "write_label_files", stop)
        with pytest.raises(KeyboardInterrupt):
            write_part(tmp_path, 2, num_parts=2)
    assert write_part(tmp_path, 1, num_parts=2) == [2]
    assert write_part(tmp_path, 2, num_parts=2) == []


def test_a_tree_that_was_completed_and_not_cleared_is_complete(tmp_path: Path) -> None:
    write_part(tmp_path, 1, num_parts=2)
    parts = tmp_path / ".parts"
    shutil.copytree(parts, tmp_path / "kept")
    write_part(tmp_path, 2, num_parts=2)
    before = contents(tmp_path)
    shutil.copytree(tmp_path / "kept", parts)
    assert write_part(tmp_path, 1, num_parts=2) == []
    assert contents(tmp_path) == before


def test_one_process_at_a_time_makes_a_part(tmp_path: Path) -> None:
    write_part(tmp_path, 1)
    with claim_folder(tmp_path / ".parts/2_of_3"):
        with pytest.raises(ClaimedError, match="Only one process at a time may write"):
            write_part(tmp_path, 2)
        assert write_part(tmp_path, 3) == [2]  # others may make theirs


def test_a_part_of_other_scenes_is_refused(tmp_path: Path) -> None:
    write_part(tmp_path, 1)
    for how, message in (
        ({"seed": 4}, "seed 3 instead of 4"),
        ({"num_scenes": 12}, "num 11 instead of 12"),
        ({"shape": (90, 168)}, "size '160x90' instead of '168x90'"),
        ({"category": None}, "category 'culane' instead of None"),
        ({"tree_format": "culane"}, "format 'tusimple' instead of 'culane'"),
        ({"num_parts": 4}, "parts of 3 instead of 4"),
    ):
        with pytest.raises(ValueError, match=f"the same scenes, .* it has {message}"):
            write_part(tmp_path, 2, **how)


def test_parts_of_two_drawings_are_not_mixed(tmp_path: Path) -> None:
    for number in (1, 2):
        write_part(tmp_path, number)
    file = tmp_path / ".parts/2_of_3" / PROVENANCE_FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | {"drawing": "another"}))
    with pytest.raises(ValueError, match="it has drawing 'another' instead of"):
        write_part(tmp_path, 3)


def test_a_part_that_was_not_copied_whole_is_noticed(tmp_path: Path) -> None:
    for number in (1, 2):
        write_part(tmp_path, number)
    image = next(visible_files(tmp_path, "20.jpg"))
    image.unlink()
    with pytest.raises(ValueError, match=f"'{image}' must be there: part 1 has made"):
        write_part(tmp_path, 3)


def test_a_complete_data_set_is_not_made_again_as_parts(tmp_path: Path) -> None:
    write_scene_tree(tmp_path, NUM_SCENES, **HOW)
    before = contents(tmp_path)
    assert write_part(tmp_path, 1) == []
    with pytest.raises(ValueError, match="it has seed 3 instead of 4"):
        write_part(tmp_path, 1, seed=4)
    (tmp_path / "label_data_0313.json").write_text("precious")
    (tmp_path / PROVENANCE_FILE).unlink()
    with pytest.raises(ValueError, match="must not hold a data set that was not gen"):
        write_part(tmp_path, 1)
    before["label_data_0313.json"] = b"precious"
    del before[PROVENANCE_FILE]
    assert contents(tmp_path) == before


def test_parts_are_not_replaced_by_a_whole_data_set(tmp_path: Path) -> None:
    write_part(tmp_path, 1)
    before = contents(tmp_path)
    with pytest.raises(ValueError, match="holds parts of a data set"):
        write_scene_tree(tmp_path, NUM_SCENES, **HOW)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(("number", "num_parts"), [(0, 3), (4, 3), (1, 12), (-1, -1)])
def test_parts_that_there_are_not(tmp_path: Path, number: int, num_parts: int) -> None:
    with pytest.raises(ValueError, match="A part must be one of 1 to N of N parts"):
        write_part(tmp_path, number, num_parts=num_parts)
    assert not list(tmp_path.iterdir())

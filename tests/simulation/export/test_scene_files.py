import errno
from pathlib import Path

import pytest

from lanedet.simulation.export import scene_files
from lanedet.simulation.export.scene_files import (
    SceneCollection,
    SceneTask,
    drawing_code,
    make_scene_files,
)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Code in a folder and in one below it."""
    (tmp_path / "effects/far").mkdir(parents=True)
    for name in ("make.py", "effects/sky.py", "effects/far/hills.py"):
        (tmp_path / name).write_text(f"# {name}\n")
    return tmp_path


@pytest.mark.parametrize("name", ["make.py", "effects/sky.py", "effects/far/hills.py"])
def test_code_in_any_room_counts(package: Path, name: str) -> None:
    before = drawing_code(package)
    (package / name).write_text("another\n")
    assert drawing_code(package) != before


def test_line_ends_and_other_files_do_not_count(package: Path) -> None:
    before = drawing_code(package)
    (package / "make.py").write_bytes(b"# make.py\r\n")
    (package / "effects/sky.pyc").write_bytes(b"compiled")
    assert drawing_code(package) == before


def test_the_code_is_that_of_the_whole_simulation() -> None:
    rooms = Path(scene_files.__file__).parents[1]
    assert (rooms / "effects/recipe.py").is_file()
    assert drawing_code() == drawing_code(rooms)


def test_a_full_disk_leaves_no_broken_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_some(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:9])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_some)
    made = make_scene_files(
        tmp_path,
        SceneCollection(7, (72, 96), None),
        [SceneTask(0, "clips/0.jpg", "clips/0.jpg")],
        num_workers=1,
    )
    with pytest.raises(OSError, match=r"No space left.*clips/0\.jpg"):
        list(made)
    assert list((tmp_path / "clips").iterdir()) == []

from pathlib import Path

import pytest

from lanedet.app import find_weights
from lanedet.inference import default_weights


def _make(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_the_packages_weights_are_there_without_any_run(tmp_path: Path) -> None:
    found = find_weights(None, tmp_path / "none")
    assert found == {
        f"{default_weights().stem} (comes with lanedet)": default_weights()
    }


def test_what_is_named_comes_first_and_runs_last(tmp_path: Path) -> None:
    first = _make(tmp_path / "mine.pth")
    runs = tmp_path / "work_dirs"
    made = [_make(runs / name / "weights.safetensors") for name in ("b", "a/x")]
    _make(runs / "a" / "iter_100.pth")
    _make(runs / "a" / "._weights.safetensors")
    _make(runs / "__MACOSX" / "weights.safetensors")
    found = find_weights(first, runs)
    assert list(found.values()) == [first, default_weights(), made[1], made[0]]
    assert next(iter(found)) == str(first)


def test_exported_files_come_after_the_weights(tmp_path: Path) -> None:
    names = ("z.safetensors", "a.onnx", "a.xml", "a.bin", "a.json", "a.pt2", "b.engine")
    for name in names:
        _make(tmp_path / name)
    _, *found = find_weights(None, tmp_path).values()
    wanted = ("z.safetensors", "a.onnx", "a.xml", "b.engine")
    assert found == [tmp_path / name for name in wanted]


def test_a_file_has_one_place(tmp_path: Path) -> None:
    first = _make(tmp_path / "weights.safetensors")
    assert list(find_weights(first, tmp_path).values()) == [first, default_weights()]


def test_weights_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"No weights at .*none\.pth"):
        find_weights(tmp_path / "none.pth", tmp_path)

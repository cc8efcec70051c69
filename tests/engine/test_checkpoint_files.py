from pathlib import Path

import pytest
import torch

from lanedet.engine.checkpoint_files import check_whole, latest_checkpoint, set_aside


def save(path: Path) -> None:
    torch.save({"meta": {}, "state_dict": {"a": torch.zeros(2000)}}, path)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


def test_latest_checkpoint_counts_iterations(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path) is None
    for name in (
        *("iter_90.pth", "iter_1000.pth", "iter_x.pth", "iter_2000.pth.part"),
        *("best_acc_iter_3000.pth", "iter_4000.pth.bak"),
    ):
        (tmp_path / name).touch()
    assert latest_checkpoint(tmp_path) == tmp_path / "iter_1000.pth"


@pytest.mark.parametrize("size", [0, 100, 5000])
def test_a_cut_checkpoint_is_reported_with_the_whole_one_before_it(
    tmp_path: Path, size: int
) -> None:
    folder = tmp_path / "my runs"
    folder.mkdir()
    for number in (20, 100, 300):
        save(folder / f"iter_{number}.pth")
    whole = (folder / "iter_300.pth").read_bytes()
    for name in ("iter_200.pth", "iter_150.pth"):
        (folder / name).write_bytes(whole[:size])
    expected = rf"iter_200.pth.*--resume '{folder}/iter_100\.pth'$"
    with pytest.raises(ValueError, match=expected):
        check_whole(folder / "iter_200.pth")
    assert check_whole(folder / "iter_300.pth").keys() == {"meta", "state_dict"}


def test_a_cut_checkpoint_that_is_the_only_one(tmp_path: Path) -> None:
    (tmp_path / "iter_20.pth").write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"None before it .* without --resume"):
        check_whole(tmp_path / "iter_20.pth")


def test_a_new_run_has_all_of_another_set_aside(tmp_path: Path) -> None:
    others = {
        *("iter_30.pth", "iter_60.pth", "best_acc_iter_30.pth"),
        *("weights.safetensors", "last_checkpoint"),
    }
    kept = {"notes.txt", "pretrained.pth", "config.py"}
    for name in others | kept:
        (tmp_path / name).write_text(name)
    folder = set_aside(tmp_path, "now", after=None)
    assert folder == tmp_path / "previous/now"
    assert names(folder) == others
    assert names(tmp_path) == kept
    assert set_aside(tmp_path, "now", after=None) is None
    (tmp_path / "iter_60.pth").write_text("third")
    assert set_aside(tmp_path, "now", after=None) == tmp_path / "previous/now_2"
    assert (folder / "iter_60.pth").read_text() == "iter_60.pth"


def test_a_resumed_run_has_only_what_came_later_set_aside(tmp_path: Path) -> None:
    own = {"iter_30.pth", "iter_60.pth", "best_acc_iter_30.pth"}
    later = {"iter_90.pth", "best_acc_iter_90.pth"}
    ends = {"weights.safetensors", "last_checkpoint"}
    for name in own | later | ends:
        (tmp_path / name).touch()
    folder = set_aside(tmp_path, "now", after=60)
    assert folder is not None
    assert names(folder) == later | ends
    assert names(tmp_path) == own
    (tmp_path / "weights.safetensors").touch()  # those of iter_60.pth
    assert set_aside(tmp_path, "now", after=60) is None

from pathlib import Path

import pytest

from lanedet.inference import LaneInferencer, default_weights

FOLDER = "lanedet.inference.packaged_weights._FOLDER"


def test_the_one_file_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FOLDER, tmp_path)
    (tmp_path / "README.md").touch()
    (tmp_path / "enet.safetensors").touch()
    assert default_weights() == tmp_path / "enet.safetensors"


@pytest.mark.parametrize("num_files", [0, 2])
def test_no_file_or_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, num_files: int
) -> None:
    monkeypatch.setattr(FOLDER, tmp_path / "weights")
    for number in range(num_files):
        (tmp_path / "weights").mkdir(exist_ok=True)
        (tmp_path / "weights" / f"{number}.safetensors").touch()
    with pytest.raises(FileNotFoundError, match=f"no weights: .* {num_files}\\."):
        LaneInferencer(device="cpu")

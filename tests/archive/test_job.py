"""A table holds clips that were made alike."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lanedet.archive import ArchiveJob, ModelFiles
from lanedet.archive.job import TableHeader
from lanedet.inference import default_weights
from lanedet.video import Calibration

MakeJob = Callable[..., ArchiveJob]


def test_a_header_comes_back_from_its_file(make_job: MakeJob) -> None:
    header = make_job("/table").header
    assert TableHeader.from_bytes(header.to_bytes(), "t") == header
    header.check_same(make_job("/elsewhere", stretch_s=7.0).header, "t")


def test_other_weights_versions_and_options_do_not_belong_in(make_job: MakeJob) -> None:
    header = make_job("/table").header
    with pytest.raises(ValueError, match=r"'t' was made with weights 6b86b273ff34"):
        header.check_same(make_job("/table", weights=b"2").header, "t")
    with pytest.raises(ValueError, match=r"tracking True \(now False\).*--mix"):
        header.check_same(make_job("/table", tracking=False).header, "t")
    old = header.to_bytes().replace(b'"lanedet": "', b'"lanedet": "0')
    with pytest.raises(ValueError, match=r"lanedet 0\d"):
        TableHeader.from_bytes(old, "t").check_same(header, "t")


def test_calibrations_are_told_apart(make_job: MakeJob, tmp_path: Path) -> None:
    headers = []
    for height in (1.2, 1.2, 1.5):
        path = tmp_path / "camera.yaml"
        path.write_text(
            f"image_size: [1280, 720]\ncamera:\n  height_m: {height}\n"
            "  pitch_deg: 2.5\n  focal_px: 1000\n"
        )
        headers.append(make_job("/t", calibration=Calibration.read(path)).header)
    assert headers[0] == headers[1]
    assert headers[0] != headers[2]


def test_what_is_no_header_or_a_later_one_is_an_error(make_job: MakeJob) -> None:
    with pytest.raises(ValueError, match=r"table\.json of 't' must say what"):
        TableHeader.from_bytes(b"[]", "t")
    later = make_job("/t").header.to_bytes().replace(b'"format": 2', b'"format": 3')
    with pytest.raises(ValueError, match="must be of format 2, got 3"):
        TableHeader.from_bytes(later, "t")


def test_numbers_out_of_range_are_an_error(make_job: MakeJob) -> None:
    for name, value in {"stretch_s": 0.5, "batch_size": 0, "max_tries": 0}.items():
        with pytest.raises(ValueError, match=f"{name} must be at least 1, got {value}"):
            make_job("/t", **{name: value})
    with pytest.raises(ValueError, match="stretch_s must be at least 1, got inf"):
        make_job("/t", stretch_s=float("inf"))


def test_a_model_goes_where_its_files_are_not(tmp_path: Path) -> None:
    model = ModelFiles.read(default_weights())
    said = subprocess.run(["sha256sum", default_weights()], capture_output=True)
    assert model.digest == said.stdout.decode().split()[0]
    assert list(model.contents) == [model.name]
    (tmp_path / "a.xml").write_bytes(b"graph")
    (tmp_path / "a.bin").write_bytes(b"weights")
    assert sorted(ModelFiles.read(tmp_path / "a.xml").contents) == ["a.bin", "a.xml"]
    (tmp_path / "a.engine").write_bytes(b"engine")
    (tmp_path / "a.engine.json").write_bytes(b"{}")
    both = ModelFiles.read(tmp_path / "a.engine")
    assert sorted(both.contents) == ["a.engine", "a.engine.json"]
    with pytest.raises(FileNotFoundError, match="No model at"):
        ModelFiles.read(tmp_path / "b.onnx")

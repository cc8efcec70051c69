"""The command that does an archive: what it asks for, and what it says."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from archives import SeeingInferencer, local_engine
from clips import write_clip

import lanedet.archive
from lanedet.archive import ModelFiles

Run = Callable[..., int]


@pytest.fixture
def tool(load_tool: Callable[[str], ModuleType]) -> ModuleType:
    return load_tool("archive")


@pytest.fixture
def without_ray(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Work in this process; return what the workers were asked for with."""
    asked: list[dict[str, object]] = []

    def engine(job: object, **options: object) -> object:
        asked.append(options)
        return local_engine(job)  # type: ignore[arg-type]

    monkeypatch.setattr(lanedet.archive, "ray_engine", engine)
    monkeypatch.setattr(ModelFiles, "open", lambda *_: SeeingInferencer())
    return asked


def test_an_archive_is_done_and_summed_up(
    tool: ModuleType,
    run_main: Run,
    without_ray: list[dict[str, object]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "clips").mkdir()
    write_clip(tmp_path / "clips", num_frames=10)
    table = tmp_path / "table"
    arguments = (tmp_path / "clips", "--out", table, "--workers", "3")
    assert run_main(tool, *arguments) == 0
    assert "1 of 1 clip added in" in capsys.readouterr().out
    assert without_ray == [{"address": None, "num_workers": 3, "dashboard": True}]
    picture = tmp_path / "fleet.png"
    assert run_main(tool, "--summary", table, "--picture", picture) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 clip, 0.00 h, 10 frames",
        *lanedet.archive.summarize_table(str(table)).lines()[1:],
        f"Wrote {picture}",
    ]
    assert picture.stat().st_size > 1000


def test_a_clip_that_failed_gives_an_exit_status(
    tool: ModuleType,
    run_main: Run,
    without_ray: list[dict[str, object]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "broken.mp4").write_bytes(bytes(100))
    status = run_main(tool, tmp_path / "broken.mp4", "--out", tmp_path / "table")
    assert status == 1
    assert "1 failed; the next run tries them again:" in capsys.readouterr().out


def test_options_that_make_no_sense_are_refused(
    tool: ModuleType,
    run_main: Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for arguments, message in {
        (): "name a SOURCE and --out TABLE, or --summary TABLE",
        ("clips",): "name a SOURCE and --out TABLE",
        ("clips", "--summary", "table"): "without SOURCE and --out",
        ("clips", "--out", "t", "--picture", "a.png"): "--picture is for --summary",
    }.items():
        assert run_main(tool, *arguments) == 2
        assert message in capsys.readouterr().err
    arguments = (tmp_path, "--out", tmp_path / "t", "--stretch", "0")
    assert run_main(tool, *arguments) == 1
    assert "stretch_s must be at least 1, got 0" in capsys.readouterr().err
    assert run_main(tool, "--summary", tmp_path, "--picture", "a.txt") == 1
    assert "must be written as .jpg or .png" in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(
    tool: ModuleType,
    run_main: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in [each for each in sys.modules if each.startswith("lanedet.archive")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [each for each in sys.modules if each.split(".")[0] == "pyarrow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [])
    assert run_main(tool, tmp_path, "--out", tmp_path / "t") == 1
    assert (
        "needs pyarrow, which is not installed: pip install 'lanedet[ray]'"
        in capsys.readouterr().err
    )

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from archives import SeeingInferencer, local_engine
from clips import write_clip

from lanedet.archive import ArchiveJob, ModelFiles, list_clips, run_archive
from lanedet.archive.schema import LANES

PAGE = Path(__file__).parents[2] / "docs/archive.md"


def test_the_example_reads_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ModelFiles, "open", lambda *_: SeeingInferencer())
    write_clip(tmp_path, num_frames=10).rename("1.mp4")
    write_clip(tmp_path, num_frames=5).rename("2.mp4")
    job = ArchiveJob("lanes", ModelFiles("a.onnx", {"a.onnx": b""}))
    run_archive(list_clips(f"{tmp_path}/*.mp4"), job, local_engine)
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Callable[..., object]] = {}
    exec(code, names)
    assert len(names["lanes"]) == 10
    assert [row[0] for row in names["departures"].fetchall()] == ["1.mp4", "2.mp4"]
    assert all(0 <= row[1] < 0.65 for row in names["steady"].fetchall())


def test_every_column_is_told_of() -> None:
    text = PAGE.read_text()
    assert all(f"`{name}`" in text for name in LANES.names)

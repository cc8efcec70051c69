"""Every clip has one row, whatever became of it before."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lanedet.archive.listing import Clip
from lanedet.archive.manifest import Manifest
from lanedet.archive.manifest_row import DONE, FAILED, ManifestRow
from lanedet.archive.storage import Storage


def row(clip: str, state: str = DONE, **fields: object) -> ManifestRow:
    return ManifestRow(clip, clip, f"/clips/{clip}", state, **fields)  # type: ignore[arg-type]


def states(table: Path) -> dict[str, str]:
    rows = pq.read_table(table / "manifest").to_pylist()
    assert len({each["clip"] for each in rows}) == len(rows)
    return {each["clip"]: each["state"] for each in rows}


def test_rows_are_there_for_the_next_run(tmp_path: Path) -> None:
    manifest = Manifest(Storage(str(tmp_path)))
    assert manifest.add(row("a.mp4", frames=3, remarks=["a bare stream"]))
    assert "a.mp4" in manifest
    assert manifest.add(row("b.mp4", FAILED, error="no video"))
    assert "b.mp4" not in manifest
    manifest.flush()
    assert states(tmp_path) == {"a.mp4": DONE, "b.mp4": FAILED}
    (tmp_path / "manifest" / "_SUCCESS").touch()  # as Spark marks what it has written
    again = Manifest(Storage(str(tmp_path)))
    assert "a.mp4" in again
    assert [each.error for each in again.failed] == ["no video"]


def test_a_clip_that_failed_and_then_is_done_has_one_row(tmp_path: Path) -> None:
    manifest = Manifest(Storage(str(tmp_path)))
    manifest.add(row("a.mp4", FAILED))
    manifest.add(row("b.mp4", FAILED))
    manifest.flush()
    again = Manifest(Storage(str(tmp_path)))
    assert again.add(row("a.mp4"))
    again.flush()
    assert states(tmp_path) == {"a.mp4": DONE, "b.mp4": FAILED}
    last = Manifest(Storage(str(tmp_path)))
    last.add(row("b.mp4"))
    last.flush()
    assert states(tmp_path) == {"a.mp4": DONE, "b.mp4": DONE}
    assert not (tmp_path / "manifest" / "failed.parquet").exists()


def test_a_clip_that_is_reported_twice_has_one_row(tmp_path: Path) -> None:
    manifest = Manifest(Storage(str(tmp_path)))
    assert manifest.add(row("a.mp4"))
    assert not manifest.add(row("a.mp4"))
    assert not manifest.add(row("a.mp4", FAILED))
    manifest.flush()
    manifest.flush()
    assert states(tmp_path) == {"a.mp4": DONE}


def test_clips_that_are_dropped_have_no_row(tmp_path: Path) -> None:
    manifest = Manifest(Storage(str(tmp_path)))
    for names in ("ab", "c"):  # a file for each
        for name in names:
            manifest.add(row(f"{name}.mp4"))
        manifest.flush()
    before = {path: path.read_bytes() for path in (tmp_path / "manifest").iterdir()}
    manifest.drop([])
    assert {path: path.read_bytes() for path in before} == before
    manifest.drop(["a.mp4", "c.mp4"])
    assert states(tmp_path) == {"b.mp4": DONE}
    assert len(list((tmp_path / "manifest").iterdir())) == 1
    again = Manifest(Storage(str(tmp_path)))
    for each in (manifest, again):
        assert [f"{name}.mp4" in each for name in "abc"] == [False, True, False]
    assert again.add(row("a.mp4"))
    again.flush()
    assert states(tmp_path) == {"a.mp4": DONE, "b.mp4": DONE}


def test_a_manifest_knows_of_which_files_its_clips_are(tmp_path: Path) -> None:
    first = Manifest(Storage(str(tmp_path)))
    first.add(row("a.mp4", file_version="etag 1, 5 bytes"))
    first.flush()
    for manifest in (first, Manifest(Storage(str(tmp_path)))):
        clip = Clip("a.mp4", "/clips/a.mp4")
        assert manifest.is_of(clip)
        assert not manifest.is_of_other_file(clip, "etag 1, 5 bytes")
        assert not manifest.is_of_other_file(clip, None)
        assert manifest.is_of_other_file(clip, "etag 2, 5 bytes")


def test_many_rows_are_written_on_the_way(tmp_path: Path) -> None:
    manifest = Manifest(Storage(str(tmp_path)))
    for number in range(1200):
        manifest.add(row(f"{number}.mp4"))
        manifest.flush_now_and_then()
    assert len(states(tmp_path)) == 1000
    manifest.flush()
    assert len(states(tmp_path)) == 1200
    assert len(list((tmp_path / "manifest").iterdir())) == 3


def test_a_row_comes_back_from_text() -> None:
    one = row("a.mp4", frames=3, remarks=["x"], mean_abs_offset_share=0.1)
    assert ManifestRow.from_json(one.to_json()) == one


def test_a_file_that_is_damaged_is_named(tmp_path: Path) -> None:
    manifest = Manifest(Storage(str(tmp_path)))
    manifest.add(row("a.mp4"))
    manifest.flush()
    [path] = (tmp_path / "manifest").glob("*.parquet")
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=f"manifest/{path.name} of .* Delete it"):
        Manifest(Storage(str(tmp_path)))

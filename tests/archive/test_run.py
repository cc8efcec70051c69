"""A run does what is missing, and leaves whole tables whatever ends it."""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import fsspec
import pyarrow.parquet as pq
import pytest
from archives import LocalEngine, local_engine
from clips import write_clip

from lanedet import __version__
from lanedet.archive import ArchiveJob, list_clips, run_archive
from lanedet.archive import run as run_module
from lanedet.archive.claim import claim_table
from lanedet.archive.clip_work import TableError
from lanedet.archive.reports import StopReport
from lanedet.archive.storage import Storage
from lanedet.files import ClaimedError
from lanedet.video import Calibration

MakeJob = Callable[..., ArchiveJob]


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A folder with two short clips, a long one, and one that is none."""
    folder = tmp_path / "clips"
    (folder / "day").mkdir(parents=True)
    write_clip(folder, "clip.mp4", num_frames=10)
    write_clip(folder / "day", "clip.mkv", num_frames=90)
    write_clip(folder / "day", "clip.mov", num_frames=10)
    (folder / "broken.mp4").write_bytes(b"\0" * 500)
    return str(folder)


def states(table: Path) -> dict[str, str]:
    rows = pq.read_table(table / "manifest").to_pylist()
    assert len({row["clip"] for row in rows}) == len(rows)
    return {row["clip"]: row["state"] for row in rows}


def files(table: Path) -> dict[str, int]:
    return {
        str(path.relative_to(table)): path.stat().st_mtime_ns
        for path in table.glob("lanes/*/*")
    }


def test_an_archive_becomes_a_table_and_what_fails_is_told(
    make_job: MakeJob, tmp_path: Path, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table"
    job = make_job(table, stretch_s=1.0)
    summary = run_archive(list_clips(source), job, local_engine)
    assert (summary.num_clips, summary.num_before, summary.num_done) == (4, 0, 3)
    assert summary.num_frames == 110
    assert states(table) == {
        "broken.mp4": "failed",
        "clip.mp4": "done",
        "day/clip.mkv": "done",
        "day/clip.mov": "done",
    }
    assert sorted(files(table)) == [
        f"lanes/clip={name}/lanes.parquet"
        for name in ("clip.mp4", "day%2Fclip.mkv", "day%2Fclip.mov")
    ]
    said = capsys.readouterr().err
    assert "broken.mp4 failed: " in said
    assert "clips 100%" in said.splitlines()[-1]
    lines = summary.lines()
    assert lines[0].startswith("3 of 4 clips added in ")
    assert lines[1] == "1 failed; the next run tries them again:"


def test_names_that_are_no_utf_8_end_no_run(make_job: MakeJob, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"\xe9")
    folder.mkdir()
    clip = write_clip(folder, "clip.mp4", num_frames=3)
    clip.rename(folder / os.fsdecode(b"\xff.mp4"))
    (folder / os.fsdecode(b"\xfe.mp4")).write_bytes(b"\0" * 500)
    job = make_job(tmp_path / "table")
    run_archive(list_clips(str(folder)), job, local_engine)
    assert states(tmp_path / "table") == {
        "\\udcfe.mp4": "failed",
        "\\udcff.mp4": "done",
    }
    lanes = pq.read_table(tmp_path / "table" / "lanes")  # its partitions are names, too
    assert set(lanes["clip"].to_pylist()) == {"\\udcff.mp4"}
    again = run_archive(list_clips(str(folder)), job, local_engine)
    assert (again.num_before, again.num_done) == (1, 0)


def test_a_second_run_does_what_failed_and_nothing_else(
    make_job: MakeJob, tmp_path: Path, source: str
) -> None:
    table = tmp_path / "table"
    job = make_job(table)
    run_archive(list_clips(source), job, local_engine)
    before = files(table)
    write_clip(tmp_path, "clip.mp4", num_frames=12).rename(Path(source) / "broken.mp4")
    engines: list[LocalEngine] = []

    @contextmanager
    def watched(job: ArchiveJob) -> Iterator[LocalEngine]:
        engines.append(LocalEngine(job))
        yield engines[-1]

    summary = run_archive(list_clips(source), job, watched)
    assert engines[0].stretches == ["broken.mp4"]
    assert (summary.num_before, summary.num_done, summary.failed) == (3, 1, ())
    assert set(states(table).values()) == {"done"}
    assert {name: time for name, time in files(table).items() if name in before} == (
        before
    )
    assert not (table / "_work").exists()
    last = run_archive(list_clips(source), job, watched)
    assert len(engines) == 1  # without anything to do there are no workers
    assert last.num_before == 4


def test_an_interrupted_run_is_gone_on_with(
    make_job: MakeJob, tmp_path: Path, source: str
) -> None:
    table = tmp_path / "table"
    job = make_job(table, stretch_s=1.0)
    (Path(source) / "broken.mp4").unlink()

    class Interrupted(LocalEngine):
        def run(self, stretches):
            for number, report in enumerate(super().run(stretches)):
                if number == 2:
                    raise KeyboardInterrupt
                yield report

    @contextmanager
    def interrupted(job: ArchiveJob) -> Iterator[LocalEngine]:
        yield Interrupted(job)

    with pytest.raises(KeyboardInterrupt) as caught:
        run_archive(list_clips(source), job, interrupted)
    assert caught.value.__notes__ == [
        "1 of 3 clips are in the table. The same command goes on from there."
    ]
    assert states(table) == {"clip.mp4": "done"}
    run_archive(list_clips(source), job, local_engine)
    whole = make_job(tmp_path / "whole")
    run_archive(list_clips(source), whole, local_engine)
    for name in files(table):
        assert pq.read_table(table / name, partitioning=None).equals(
            pq.read_table(tmp_path / "whole" / name, partitioning=None)
        )
    assert states(table) == states(tmp_path / "whole")


def test_clips_of_another_source_are_not_the_run_s_affair(
    make_job: MakeJob, tmp_path: Path, source: str
) -> None:
    table = tmp_path / "table"
    clips = list_clips(source)
    run_archive(clips, make_job(table), local_engine)
    other = write_clip(tmp_path, "clip.avi", num_frames=10)
    summary = run_archive(list_clips(str(other)), make_job(table), local_engine)
    assert (summary.num_done, summary.failed) == (1, ())
    assert states(table)["broken.mp4"] == "failed"  # the next run of its source's

    class Interrupted(LocalEngine):
        def run(self, stretches):
            raise KeyboardInterrupt

    @contextmanager
    def at_once(job: ArchiveJob) -> Iterator[LocalEngine]:
        yield Interrupted(job)

    last = write_clip(tmp_path, "clip.ts", num_frames=10)
    with pytest.raises(KeyboardInterrupt) as caught:
        run_archive(list_clips(str(last)), make_job(table), at_once)
    [note] = caught.value.__notes__
    assert note.startswith("0 of 1 clips are in the table.")


def test_other_clips_of_the_same_names_are_told_of(
    make_job: MakeJob, tmp_path: Path
) -> None:
    folders = [tmp_path / "monday", tmp_path / "tuesday"]
    for folder in folders:
        folder.mkdir()
        write_clip(folder, "clip.mp4", num_frames=10)
    first, second = (list_clips(str(folder)) for folder in folders)
    job = make_job(tmp_path / "table")
    run_archive(first, job, local_engine)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_archive(first, job, local_engine)
    with pytest.warns(UserWarning, match="1 clip will be passed over.*'clip.mp4' from"):
        summary = run_archive(second, job, local_engine)
    assert (summary.num_before, summary.num_done) == (1, 0)


def test_a_table_that_cannot_be_written_stops_the_run(
    make_job: MakeJob, tmp_path: Path, source: str
) -> None:
    class Stopped(LocalEngine):
        is_table = True

        def run(self, stretches):
            yield StopReport("the disk is full", self.is_table)

    @contextmanager
    def stopped(job: ArchiveJob) -> Iterator[LocalEngine]:
        yield Stopped(job)

    with pytest.raises(TableError, match="the disk is full"):
        run_archive(list_clips(source), make_job(tmp_path / "table"), stopped)
    Stopped.is_table = False  # but the model
    with pytest.raises(ValueError, match="the disk is full"):
        run_archive(list_clips(source), make_job(tmp_path / "table"), stopped)
    # Without lanes the table is not bound to weights that could not be run.
    other = make_job(tmp_path / "table", weights=b"2")
    run_archive(list_clips(source), other, local_engine)


def test_a_table_of_other_weights_is_refused_unless_asked(
    make_job: MakeJob, tmp_path: Path, source: str
) -> None:
    clips = list_clips(source)
    run_archive(clips[1:2], make_job(tmp_path / "table"), local_engine)
    other = make_job(tmp_path / "table", weights=b"2")
    with pytest.raises(ValueError, match=r"made with weights 6b86b273ff34 \(now d4735"):
        run_archive(clips, other, local_engine)
    run_archive(clips, other, local_engine, allow_mixed=True)
    rows = pq.read_table(tmp_path / "table" / "manifest").to_pylist()
    by_name = {row["clip"]: row["weights"][:5] for row in rows}
    assert by_name["clip.mp4"] == "6b86b"
    assert by_name["day/clip.mov"] == "d4735"


def test_each_row_tells_what_its_clip_was_made_with(
    make_job: MakeJob,
    tmp_path: Path,
    source: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    camera = tmp_path / "camera.yaml"
    camera.write_text(
        "image_size: [64, 48]\ncamera:\n  height_m: 1.5\n  pitch_deg: 3\n"
        "  focal_px: 50\n"
    )
    clips = list_clips(source)
    assert [clip.name for clip in clips[:3]] == [
        *("broken.mp4", "clip.mp4", "day/clip.mkv")
    ]
    first = make_job(tmp_path / "table")
    other = make_job(
        tmp_path / "table",
        weights=b"2",
        half=True,
        tracking=False,
        calibration=Calibration.read(camera),
    )
    run_archive(clips[1:2], first, local_engine)
    monkeypatch.setattr("lanedet.archive.job.__version__", "9.9")
    run_archive(clips[:3], other, local_engine, allow_mixed=True)
    rows = {
        row["clip"]: row
        for row in pq.read_table(tmp_path / "table" / "manifest").to_pylist()
    }
    said = {
        name: [row[key] for key in asdict(first.header) if key != "format"]
        for name, row in rows.items()
    }
    assert said["clip.mp4"] == [__version__, first.model.digest, False, True, None]
    # Of one that fails, too.
    of_other = list(asdict(other.header).values())[1:]
    assert said["broken.mp4"] == said["day/clip.mkv"] == of_other
    assert of_other[:4] == ["9.9", other.model.digest, True, False]
    assert len(of_other[4]) == 64


def test_a_clip_with_another_file_is_done_again(
    make_job: MakeJob, tmp_path: Path, source: str
) -> None:
    table = tmp_path / "table"
    job = make_job(table)
    run_archive(list_clips(source), job, local_engine)
    before = files(table)
    write_clip(Path(source), "clip.mp4", num_frames=12)
    (Path(source) / "day" / "clip.mkv").write_bytes(bytes(99))
    (Path(source) / "day" / "clip.mov").unlink()
    clips = list_clips(source)
    with pytest.warns(UserWarning, match=r"2 clips will be done again: .*'clip\.mp4'"):
        summary = run_archive(clips, job, local_engine)
    assert (summary.num_before, summary.num_done) == (0, 1)
    assert states(table) == {
        "broken.mp4": "failed",
        "clip.mp4": "done",
        "day/clip.mkv": "failed",
        "day/clip.mov": "done",  # whose file is gone
    }
    rows = pq.read_table(table / "manifest").to_pylist()
    assert {row["clip"]: row["frames"] for row in rows}["clip.mp4"] == 12
    after = files(table)
    names = [
        f"lanes/clip={name}/lanes.parquet" for name in ("clip.mp4", "day%2Fclip.mov")
    ]
    assert sorted(after) == names
    assert after[names[1]] == before[names[1]]
    assert pq.read_metadata(table / names[0]).num_rows == 12
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_archive(list_clips(source), job, local_engine)


def test_clips_of_a_store_and_of_a_list_are_compared_too(
    make_job: MakeJob, tmp_path: Path
) -> None:
    store = fsspec.filesystem("memory")
    first = write_clip(tmp_path, "clip.mp4", num_frames=5).read_bytes()
    second = write_clip(tmp_path, "clip.mp4", num_frames=7).read_bytes()
    names = tmp_path / "clips.txt"
    names.write_text("memory://test_versions/a.mp4\n")
    job = make_job(tmp_path / "table")
    try:
        for source in ("memory://test_versions", str(names)):
            store.pipe_file("/test_versions/a.mp4", first)
            run_archive(list_clips(source), job, local_engine)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                again = run_archive(list_clips(source), job, local_engine)
            assert again.num_before == 1
            store.pipe_file("/test_versions/a.mp4", second)
            with pytest.warns(UserWarning, match="1 clip will be done again"):
                summary = run_archive(list_clips(source), job, local_engine)
            assert (summary.num_done, summary.num_frames) == (1, 7)
    finally:
        store.rm("/test_versions", recursive=True)


def test_a_table_where_a_file_is_is_refused(
    make_job: MakeJob, tmp_path: Path, source: str
) -> None:
    (tmp_path / "table").touch()
    for table in (tmp_path / "table", tmp_path / "table" / "in" / "it"):
        with pytest.raises(ValueError, match=r"must be a folder, and '.*table' is a f"):
            run_archive(list_clips(source), make_job(table), local_engine)


def test_a_folder_with_something_else_is_refused(
    make_job: MakeJob, tmp_path: Path, source: str
) -> None:
    with pytest.raises(ValueError, match=r"must be a new or empty folder, or a table"):
        run_archive(list_clips(source), make_job(source), local_engine)


def test_two_runs_into_one_table_are_refused(
    make_job: MakeJob, tmp_path: Path, source: str
) -> None:
    with (
        claim_table(Storage(str(tmp_path / "table"))),
        pytest.raises(ClaimedError, match="Only one process at a time may write"),
    ):
        run_archive(list_clips(source), make_job(tmp_path / "table"), local_engine)


def test_a_run_whose_table_was_taken_writes_no_more(
    make_job: MakeJob,
    tmp_path: Path,
    source: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @contextmanager
    def lost(_: Storage) -> Iterator[Callable[[], None]]:
        def check() -> None:
            raise ClaimedError("another run has taken it")

        yield check

    monkeypatch.setattr(run_module, "claim_table", lost)
    with pytest.raises(ClaimedError, match="another run has taken it"):
        run_archive(list_clips(source), make_job(tmp_path / "table"), local_engine)
    assert not (tmp_path / "table" / "manifest").exists()


def test_a_table_in_a_store_is_the_same(
    make_job: MakeJob, tmp_path: Path, source: str
) -> None:
    clips = list_clips(source)
    run_archive(clips, make_job(tmp_path / "table", stretch_s=1.0), local_engine)
    store = fsspec.filesystem("memory")
    for path in Path(source).rglob("*.m*"):
        name = path.relative_to(source).as_posix()
        store.pipe_file(f"/test_run/clips/{name}", path.read_bytes())
    try:
        run_archive(
            list_clips("memory://test_run/clips"),
            make_job("memory://test_run/table", stretch_s=1.0),
            local_engine,
        )
        store.get("/test_run/table", str(tmp_path / "copy"), recursive=True)
    finally:
        store.rm("/test_run", recursive=True)
    assert states(tmp_path / "copy") == states(tmp_path / "table")
    for name in files(tmp_path / "table"):
        assert pq.read_table(tmp_path / "copy" / name, partitioning=None).equals(
            pq.read_table(tmp_path / "table" / name, partitioning=None)
        )

"""One worker: a clip in stretches is the clip, and what is wrong is a row."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from archives import LocalEngine, SeeingInferencer
from clips import write_clip

from lanedet.archive import ArchiveJob, Clip
from lanedet.archive.clip_work import ClipWorker
from lanedet.archive.manifest_row import ManifestRow
from lanedet.archive.reports import (
    ClipReport,
    CutReport,
    StopReport,
    StretchReport,
    WorkLedger,
)
from lanedet.archive.rows import FrameLanes
from lanedet.archive.stretches import Stretch
from lanedet.video import Calibration

MakeJob = Callable[..., ArchiveJob]


def clip_of(path: Path) -> Clip:
    return Clip(path.name, str(path))


def work_through(job: ArchiveJob, clip: Clip) -> tuple[ManifestRow, dict[str, Any]]:
    """Do a clip; return its row, and its lanes."""
    engine = LocalEngine(job)
    waiting, rows = [Stretch(clip)], []
    while waiting:
        report = engine.worker.work(waiting.pop())  # the last stretch first
        if isinstance(report, CutReport):
            waiting += report.stretches
        elif isinstance(report, ClipReport):
            rows.append(report.row)
        else:
            assert isinstance(report, StretchReport), report
    [row] = rows
    path = Path(job.table, "lanes", f"clip={row.partition}", "lanes.parquet")
    return row, pq.read_table(path, partitioning=None).to_pydict()


def test_a_clip_becomes_rows_with_ids_and_a_row_of_the_manifest(
    make_job: MakeJob, tmp_path: Path
) -> None:
    path = write_clip(tmp_path, num_frames=30)
    row, lanes = work_through(make_job(tmp_path / "table"), clip_of(path))
    assert lanes["frame"] == list(range(30))
    assert lanes["time"] == [number / 25 for number in range(30)]
    assert {lane["id"] for frame in lanes["lanes"] for lane in frame} == {0, 1}
    assert {lane["name"] for lane in lanes["lanes"][0]} == {"ego left", "ego right"}
    assert (row.clip, row.state, row.error, row.fault) == (
        *("clip.mp4", "done"),
        *(None, None),
    )
    assert (row.frames, row.seconds, row.width, row.height) == (30, 1.2, 64, 48)
    assert (row.frame_rate, row.undecodable, row.lane_share) == (25.0, 0, 1.0)
    assert row.own_lane_share == sum(
        offset is not None for offset in lanes["offset_share"]
    ) / len(lanes["frame"])
    assert row.own_lane_share > 0.8
    offsets = [abs(offset) for offset in lanes["offset_share"] if offset is not None]
    assert row.mean_abs_offset_share == pytest.approx(np.mean(offsets), rel=1e-5)
    assert row.weights == make_job("/t").model.digest


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
@pytest.mark.parametrize("tracking", [True, False])
def test_a_clip_in_stretches_has_the_rows_of_the_whole(
    make_job: MakeJob, tmp_path: Path, name: str, tracking: bool
) -> None:
    path = write_clip(tmp_path, name, num_frames=90)
    whole = work_through(make_job(tmp_path / "whole", tracking=tracking), clip_of(path))
    job = make_job(tmp_path / "cut", tracking=tracking, stretch_s=1.0)
    engine = LocalEngine(job)
    report = engine.worker.work(Stretch(clip_of(path)))
    assert isinstance(report, CutReport)
    assert len(report.stretches) == 4
    assert work_through(job, clip_of(path)) == whole
    assert len(whole[1]["frame"]) == 90
    assert not list((tmp_path / "cut" / "_work").glob("stretches/*"))


def test_a_calibration_gives_metres(make_job: MakeJob, tmp_path: Path) -> None:
    camera = tmp_path / "camera.yaml"
    camera.write_text(
        "image_size: [64, 48]\ncamera:\n  height_m: 1.5\n  pitch_deg: 3\n"
        "  focal_px: 50\n"
    )
    path = write_clip(tmp_path, num_frames=30)
    job = make_job(tmp_path / "table", calibration=Calibration.read(camera))
    row, lanes = work_through(job, clip_of(path))
    known = [metres for metres in lanes["offset_m"] if metres is not None]
    assert known
    assert row.mean_abs_offset_m == pytest.approx(np.mean(np.abs(known)), rel=1e-5)
    wrong = write_clip(tmp_path, "clip.mkv", num_frames=5, sizes=((48, 48),))
    report = ClipWorker(job, WorkLedger()).work(Stretch(clip_of(wrong)))
    assert isinstance(report, ClipReport)
    assert "aspect" in str(report.row.error)


def test_a_clip_that_breaks_off_is_in_the_table_with_its_fault(
    make_job: MakeJob, tmp_path: Path
) -> None:
    path = write_clip(tmp_path, "clip.mkv", num_frames=90)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    row, lanes = work_through(make_job(tmp_path / "whole"), clip_of(path))
    assert row.state == "done"
    assert "breaks off after" in str(row.fault)
    assert 30 < len(lanes["frame"]) == row.frames < 80
    cut_job = make_job(tmp_path / "cut", stretch_s=1.0)
    cut_row, cut_lanes = work_through(cut_job, clip_of(path))
    assert cut_lanes == lanes
    assert cut_row == row


def test_what_is_no_clip_is_a_row_with_its_error(
    make_job: MakeJob, tmp_path: Path
) -> None:
    worker = ClipWorker(make_job(tmp_path / "table"), WorkLedger())
    text = tmp_path / "text.mp4"
    text.write_text("no video, but words " * 50)
    for path, error in {
        text: "is no video that FFmpeg can read|is a text file",
        tmp_path / "nowhere.mp4": "No video at",
    }.items():
        report = worker.work(Stretch(clip_of(path)))
        assert isinstance(report, ClipReport)
        assert report.row.state == "failed"
        assert any(each in str(report.row.error) for each in error.split("|"))
        assert report.row.frames is None
    assert not (tmp_path / "table" / "lanes").exists()


def test_a_crash_of_the_network_is_the_clips_row(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = ClipWorker(make_job(tmp_path / "table"), WorkLedger())

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("it burns")

    monkeypatch.setattr(SeeingInferencer, "predict", crash)
    report = worker.work(Stretch(clip_of(write_clip(tmp_path, num_frames=5))))
    assert isinstance(report, ClipReport)
    assert report.row.error == "RuntimeError: it burns"


def test_a_stretch_that_killed_its_workers_is_set_aside(
    make_job: MakeJob, tmp_path: Path
) -> None:
    ledger = WorkLedger()
    clip = clip_of(write_clip(tmp_path, num_frames=5))
    worker = ClipWorker(make_job(tmp_path / "table", max_tries=2), ledger)
    assert [ledger.begin("clip.mp4"), ledger.begin("clip.mp4")] == [1, 2]
    report = worker.work(Stretch(clip))
    assert isinstance(report, ClipReport)
    assert "'clip.mp4' has killed the workers that read it, 2 times" in str(
        report.row.error
    )
    # With fewer deaths it is done; and they are forgotten.
    assert ledger.begin("clip.mp4") == 1
    done = worker.work(Stretch(clip))
    assert isinstance(done, ClipReport)
    assert done.row.is_done
    assert ledger.begin("clip.mp4") == 1


def test_a_full_disk_stops_the_run_and_leaves_no_lanes(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = ClipWorker(make_job(tmp_path / "table"), WorkLedger())

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", fail)
    clip = clip_of(write_clip(tmp_path, num_frames=5))
    report = worker.work(Stretch(clip))
    assert isinstance(report, StopReport)
    assert "No space left on device" in report.message
    monkeypatch.undo()
    assert not list((tmp_path / "table").rglob("*.parquet"))
    assert not list((tmp_path / "table" / "_work" / "partial").iterdir())


def test_lanes_of_a_run_that_was_killed_before_it_noted_them_are_kept(
    make_job: MakeJob, tmp_path: Path
) -> None:
    clip = clip_of(write_clip(tmp_path, num_frames=30))
    job = make_job(tmp_path / "table")
    row, _ = work_through(job, clip)
    Path(clip.url).unlink()
    again, _ = work_through(job, clip)
    assert again == row


@pytest.mark.parametrize("content", [b"", b"\0" * 500])
def test_files_that_a_power_cut_left_damaged_are_made_again(
    make_job: MakeJob, tmp_path: Path, content: bytes
) -> None:
    clip = clip_of(write_clip(tmp_path, num_frames=90))
    job = make_job(tmp_path / "table", stretch_s=1.0)
    cut = ClipWorker(job, WorkLedger()).work(Stretch(clip))
    assert isinstance(cut, CutReport)
    ClipWorker(job, WorkLedger()).work(cut.stretches[1])
    [stretch] = (tmp_path / "table" / "_work" / "stretches").glob("*/*")
    stretch.write_bytes(content)
    row, lanes = work_through(job, clip)
    assert row.state == "done"
    [file] = (tmp_path / "table" / "lanes").glob("*/*")
    file.write_bytes(content)
    assert work_through(job, clip) == (row, lanes)


def work_but_the_last(
    job: ArchiveJob, clip: Clip
) -> tuple[ClipWorker, tuple[Stretch, ...]]:
    """Do all stretches of a clip but the last; return who did it, and all of them."""
    worker = ClipWorker(job, WorkLedger())
    cut = worker.work(Stretch(clip))
    assert isinstance(cut, CutReport)
    for stretch in cut.stretches[:-1]:
        assert worker.work(stretch) == StretchReport()
    return worker, cut.stretches


def test_stretches_that_are_done_are_not_done_again(
    make_job: MakeJob, tmp_path: Path
) -> None:
    clip = clip_of(write_clip(tmp_path, num_frames=90))
    job = make_job(tmp_path / "table", stretch_s=1.0)
    _, stretches = work_but_the_last(job, clip)
    ledger = WorkLedger()  # of another run
    reports = [ClipWorker(job, ledger).work(stretch) for stretch in stretches]
    assert len(reports) == 4
    assert ledger.progress()[0] == 90 - stretches[3].bounds[3] * 25
    assert ledger.progress()[1] == pytest.approx(1)
    assert reports[:3] == [StretchReport()] * 3
    assert isinstance(reports[3], ClipReport)
    assert reports[3].row.frames == 90


@pytest.mark.parametrize("is_joined", [False, True])
def test_stretches_that_are_gone_are_not_the_clips_fault(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_joined: bool
) -> None:
    clip = clip_of(write_clip(tmp_path, num_frames=90))
    job = make_job(tmp_path / "table", stretch_s=1.0)
    worker, stretches = work_but_the_last(job, clip)
    read, rows = worker._read_stretches, []

    def read_late(*args: Any) -> Iterator[FrameLanes]:
        if is_joined:  # by one that was taken for dead
            rows.append(work_through(job, clip)[0])
        else:
            shutil.rmtree(tmp_path / "table" / "_work" / "stretches")
        yield from read(*args)

    monkeypatch.setattr(worker, "_read_stretches", read_late)
    report = worker.work(stretches[-1])
    if is_joined:
        assert report == ClipReport(rows[0])
    else:
        assert isinstance(report, StopReport)
        assert report.is_table


def test_a_clip_that_changes_while_its_stretches_are_in_work_fails(
    make_job: MakeJob, tmp_path: Path
) -> None:
    clip = clip_of(write_clip(tmp_path, num_frames=90))
    job = make_job(tmp_path / "table", stretch_s=1.0)
    worker = ClipWorker(job, WorkLedger())
    cut = worker.work(Stretch(clip))
    assert isinstance(cut, CutReport)
    assert worker.work(cut.stretches[0]) == StretchReport()
    write_clip(tmp_path, num_frames=95)
    for stretch in cut.stretches[1:]:
        report = worker.work(stretch)
        assert isinstance(report, ClipReport)
        assert report.row.state == "failed"
        assert "must stay as it is while it is read" in str(report.row.error)
    assert not (tmp_path / "table" / "lanes").exists()
    # The next run takes nothing of the file that was.
    row, lanes = work_through(job, clip)
    assert row.frames == len(lanes["frame"]) == 95
    whole = work_through(make_job(tmp_path / "whole"), clip)
    assert (row, lanes) == whole


def test_a_clip_that_changes_while_it_is_read_fails(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_clip(tmp_path, num_frames=30)
    worker = ClipWorker(make_job(tmp_path / "table"), WorkLedger())
    find = SeeingInferencer.predict

    def touch(*images: Any, **options: Any) -> Any:
        os.utime(path, ns=(1, 1))
        return find(*images, **options)

    monkeypatch.setattr(SeeingInferencer, "predict", touch)
    report = worker.work(Stretch(clip_of(path)))
    assert isinstance(report, ClipReport)
    assert "mtime 1, " in str(report.row.error)
    assert report.row.file_version != "mtime 1, "
    assert not (tmp_path / "table" / "lanes").exists()
    assert not list((tmp_path / "table" / "_work" / "partial").iterdir())


def test_lanes_of_another_file_that_no_run_noted_are_not_kept(
    make_job: MakeJob, tmp_path: Path
) -> None:
    clip = clip_of(write_clip(tmp_path, num_frames=30))
    job = make_job(tmp_path / "table")
    work_through(job, clip)
    write_clip(tmp_path, num_frames=20)
    row, lanes = work_through(job, clip)
    assert row.frames == len(lanes["frame"]) == 20
    Path(clip.url).write_bytes(bytes(99))
    report = ClipWorker(job, WorkLedger()).work(Stretch(clip))
    assert isinstance(report, ClipReport)
    assert report.row.state == "failed"
    assert not list((tmp_path / "table").glob("lanes/*/*"))


def test_warnings_of_the_reader_are_remarks(make_job: MakeJob, tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.h264", num_frames=5)
    row, lanes = work_through(make_job(tmp_path / "table"), clip_of(path))
    assert len(lanes["frame"]) == 5
    assert any("bare stream without time stamps" in each for each in row.remarks)

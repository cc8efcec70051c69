"""A table's figures are those of its rows."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from archives import local_engine
from clips import write_clip

from lanedet.archive import (
    ArchiveJob,
    TableSummary,
    list_clips,
    run_archive,
    summarize_table,
)
from lanedet.archive.summary import BIN_EDGES

MakeJob = Callable[..., ArchiveJob]


def summary_with(counts: dict[float, int], **fields: object) -> TableSummary:
    """Return a summary with so many frames from each bound of a bin on."""
    bins = [counts.get(round(float(edge), 2), 0) for edge in BIN_EDGES[:-1]]
    given: dict[str, object] = {
        "num_clips": 2,
        "num_failed": 0,
        "num_faulty": 0,
        "hours": 0.5,
        "num_frames": 100,
        "lane_share": 0.9,
        "own_lane_share": 0.8,
        "departures": {"left": 1, "right": 2},
        "offset_counts": tuple(bins),
        "num_weights": 1,
    }
    return TableSummary(**(given | fields))  # type: ignore[arg-type]


def test_lines_tell_shares_departures_in_an_hour_and_offsets() -> None:
    assert summary_with({0.0: 60, 0.05: 40}).lines() == [
        "2 clips, 0.50 h, 100 frames",
        "lanes in 90% of the frames, the driver's own lane in 80%",
        "3 lane departures (1 left, 2 right), 6.0 in an hour",
        # 50 of the 60 frames of a bin of 0.05 lie below 0.042.
        "offset from the own lane's middle: median +0.04 of its width, 90 % between "
        "+0.00 and +0.09",
    ]


def test_faults_are_told() -> None:
    [first, *_, last] = summary_with(
        {}, num_failed=3, num_faulty=1, num_weights=2
    ).lines()
    assert first == "2 clips, 0.50 h, 100 frames (1 with faults, 3 more failed)"
    assert last == "made with 2 different weights"


def test_a_table_is_summed_up(make_job: MakeJob, tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    write_clip(folder, "clip.mp4", num_frames=30)
    write_clip(folder, "clip.mkv", num_frames=20)
    (folder / "broken.mov").write_bytes(bytes(9))
    table = tmp_path / "table"
    run_archive(list_clips(str(folder)), make_job(table), local_engine)
    summary = summarize_table(str(table))
    assert (summary.num_clips, summary.num_failed, summary.num_faulty) == (2, 1, 0)
    assert summary.num_frames == 50
    assert summary.hours == pytest.approx(2.0 / 3600)
    assert summary.lane_share == 1.0
    assert summary.own_lane_share == pytest.approx(sum(summary.offset_counts) / 50)
    assert summary.num_weights == 1


def test_the_picture_shows_the_most_frequent_offset_highest() -> None:
    picture = summary_with({-0.3: 10, 0.1: 40}).draw()
    assert picture.shape == (720, 1280, 3)
    assert picture.dtype == np.uint8
    is_bar = (picture == (0, 114, 178)).all(axis=2)
    columns = np.flatnonzero(is_bar.any(axis=0))
    heights = is_bar.sum(axis=0)
    # -0.3 is right of a quarter of the axis, 0.1 right of its middle.
    assert 390 < columns[0] < 420
    assert heights.argmax() > 640
    assert heights[columns[0]] * 4 == pytest.approx(heights.max(), abs=8)


def test_a_table_without_a_clip_has_no_shares(
    make_job: MakeJob, tmp_path: Path
) -> None:
    (tmp_path / "broken.mov").write_bytes(bytes(9))
    table = tmp_path / "table"
    clips = list_clips(f"{tmp_path}/*.mov")
    run_archive(clips, make_job(table), local_engine)
    summary = summarize_table(str(table))
    assert summary.lines() == ["0 clips, 0.00 h, 0 frames (1 more failed)"]
    assert summary.draw().shape == (720, 1280, 3)


def test_what_is_no_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No table at"):
        summarize_table(str(tmp_path / "nowhere"))
    (tmp_path / "something").touch()
    with pytest.raises(ValueError, match="must be a new or empty folder, or a table"):
        summarize_table(str(tmp_path))

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from lanedet.structures import LaneSample
from lanedet.video import DepartureEvent, DrivingState, LaneLog


def _sample(*lanes: list[list[float]]) -> LaneSample:
    sample = LaneSample()
    sample.pred_lanes = [np.array(lane) for lane in lanes]
    sample.pred_scores = [0.98765] * len(lanes)
    sample.pred_slots = list(range(2, 2 + len(lanes)))
    return sample


@contextmanager
def _full_disk(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, in bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_line_per_frame(tmp_path: Path) -> None:
    with LaneLog(tmp_path / "lanes.jsonl") as log:
        log.write(0, 0.0, _sample())
        log.write(1, 0.04, _sample([[412.34, 539], [430.06, 520]], [[1, 2], [3, 4]]))
    lines = (tmp_path / "lanes.jsonl").read_text().splitlines()
    nothing = {"name": None, "id": None, "score": 0.988}
    lanes = [
        {"slot": 2, **nothing, "points": [[412.3, 539.0], [430.1, 520.0]]},
        {"slot": 3, **nothing, "points": [[1.0, 2.0], [3.0, 4.0]]},
    ]
    rest = {"ego": None, "events": []}
    assert [json.loads(line) for line in lines] == [
        {"frame": 0, "time": 0.0, "lanes": [], **rest},
        {"frame": 1, "time": 0.04, "lanes": lanes, **rest},
    ]


def test_ids_names_and_events_are_written(tmp_path: Path) -> None:
    sample = _sample([[1, 9], [3, 4]], [[9, 9], [7, 4]])
    sample.pred_ids = [7, 11]
    state = DrivingState(
        names=("ego left", "ego right"),
        ego_left=0,
        ego_right=1,
        offset_share=-0.123456,
        offset_m=-0.4321987,
        lane_width_m=3.5,
        curvature_sign="left",
        radius_m=812.34,
        departure="left",
        events=(DepartureEvent("left", 1.5, 37, -0.31),),
    )
    with LaneLog(tmp_path / "lanes.jsonl") as log:
        log.write(40, 1.6, sample, state)
    line = json.loads((tmp_path / "lanes.jsonl").read_text())
    assert line["frame"] == 40
    assert [(lane["id"], lane["name"]) for lane in line["lanes"]] == [
        (7, "ego left"),
        (11, "ego right"),
    ]
    assert line["ego"] == {
        "left": 0,
        "right": 1,
        "offset_share": -0.1235,
        "offset_m": -0.432,
        "lane_width_m": 3.5,
        "curvature": "left",
        "radius_m": 812.3,
        "departure": "left",
    }
    assert line["events"] == [
        {"kind": "left", "frame": 37, "time": 1.5, "offset_share": -0.31}
    ]


def test_lines_are_whole_before_the_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "lanes.jsonl"
    with LaneLog(path) as log:
        log.write(0, 0.0, _sample([[1, 2], [3, 4]]))
        assert json.loads(path.read_text())["frame"] == 0
        assert path.read_text().endswith("\n")


def test_a_line_that_does_not_fit_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "lanes.jsonl"
    sample = _sample([[1.5, 2.5], [3.5, 4.5]])
    with LaneLog(path) as log:
        log.write(0, 0.0, sample)
        first = path.read_bytes()
        with _full_disk(len(first) + 20), pytest.raises(OSError, match="too large"):
            log.write(1, 0.04, sample)
        assert path.read_bytes() == first
        assert log.num_frames == 1
        log.write(1, 0.04, sample)  # there is room again
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["frame"] for line in lines] == [0, 1]


def test_what_cannot_be_cut_back_keeps_its_error() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("This system has no /dev/full.")
    with LaneLog(full) as log, pytest.raises(OSError, match="No space left"):
        log.write(0, 0.0, _sample())


def test_missing_folders_are_made(tmp_path: Path) -> None:
    LaneLog(tmp_path / "a" / "lanes.jsonl").close()
    assert (tmp_path / "a" / "lanes.jsonl").read_text() == ""


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        LaneLog(tmp_path)

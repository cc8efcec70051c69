import json
from pathlib import Path

import numpy as np
import pytest

from lanedet.structures import DepartureEvent, DrivingState, LaneSample
from lanedet.video import LaneLog


def _sample(*lanes: list[list[float]]) -> LaneSample:
    sample = LaneSample()
    sample.pred_lanes = [np.array(lane) for lane in lanes]
    sample.pred_scores = [0.98765] * len(lanes)
    sample.pred_slots = list(range(2, 2 + len(lanes)))
    return sample


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
    size = {"name": None, "width": None, "height": None}
    rest = {**size, "ego": None, "events": []}
    assert [json.loads(line) for line in lines] == [
        {"frame": 0, "time": 0.0, "lanes": [], **rest},
        {"frame": 1, "time": 0.04, "lanes": lanes, **rest},
    ]


def test_ids_names_and_events_are_written(tmp_path: Path) -> None:
    sample = _sample([[1, 9], [3, 4]], [[9, 9], [7, 4]])
    sample.pred_ids, sample.pred_names = [7, 11], ["ego left", "ego right"]
    state = DrivingState(
        ego_left=0,
        ego_right=1,
        offset_share=-0.123456,
        offset_m=-0.4321987,
        lane_width_m=3.5,
        curvature="left",
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


def test_a_line_that_does_not_fit_is_taken_back(full_disk, tmp_path: Path) -> None:
    path = tmp_path / "lanes.jsonl"
    sample = _sample([[1.5, 2.5], [3.5, 4.5]])
    with LaneLog(path) as log:
        log.write(0, 0.0, sample)
        first = path.read_bytes()
        with full_disk(len(first) + 20), pytest.raises(OSError, match="too large"):
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
    with LaneLog(tmp_path / "a" / "lanes.jsonl") as log:
        log.write(0, 0.0, _sample())
    assert len((tmp_path / "a" / "lanes.jsonl").read_text().splitlines()) == 1


def test_size_and_name_of_a_picture_are_written(tmp_path: Path) -> None:
    sample = _sample()
    sample.set_metainfo({"ori_shape": (590, 1640)})
    with LaneLog(tmp_path / "lanes.jsonl") as log:
        log.write(0, 0.0, sample, name="clips/1/20.jpg")
    line = json.loads((tmp_path / "lanes.jsonl").read_text())
    assert (line["width"], line["height"]) == (1640, 590)
    assert line["name"] == "clips/1/20.jpg"


def test_the_first_line_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "lanes.jsonl"
    path.write_text("line of an earlier run\n" * 99)
    with LaneLog(path) as log:
        assert path.read_text().count("earlier") == 99
        log.write(5, 0.2, _sample())
        log.write(6, 0.24, _sample())
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["frame"] for line in lines] == [5, 6]


def test_without_a_line_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("of an earlier run\n")
    for name in ("old", "new"):
        LaneLog(tmp_path / name).close()
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text() == "of an earlier run\n"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_must_be_finite(tmp_path: Path, number: float) -> None:
    with LaneLog(tmp_path / "lanes.jsonl") as log:
        log.write(3, 0.1, _sample())
        with pytest.raises(ValueError, match="Frame 4 must have finite numbers only"):
            log.write(4, 0.2, _sample([[1, 2], [number, 4]]))
    assert len((tmp_path / "lanes.jsonl").read_text().splitlines()) == 1


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        LaneLog(tmp_path)

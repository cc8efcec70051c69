"""Lanes become columns of Arrow, and come back."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from lanedet.archive.rows import (
    FollowedLanes,
    FrameLanes,
    GroupedWriter,
    detections_table,
    lanes_table,
    read_detections,
)
from lanedet.archive.schema import DETECTIONS, LANES
from lanedet.structures import DepartureEvent, DrivingState, LaneSample


def sample_with(lanes: list[np.ndarray], slots: list[int]) -> LaneSample:
    sample = LaneSample(metainfo={"ori_shape": (90, 160)})
    sample.pred_lanes = lanes
    sample.pred_scores = [0.1 + slot / 3 for slot in slots]
    sample.pred_slots = slots
    return sample


LEFT = np.array([[1 / 3, 80.0], [20.0, 60.0], [30.0, 50.0]])
RIGHT = np.array([[120.0, 80.0], [100.0, 60.1]])
STATE = DrivingState(0, 1, 0.25, None, None, "straight", None, "left", ())


def test_detections_come_back_to_the_last_digit(tmp_path: Path) -> None:
    rows = [
        FrameLanes(0.0, sample_with([LEFT, RIGHT], [2, 3])),
        FrameLanes(0.04, sample_with([], [])),
        FrameLanes(1 / 3, sample_with([RIGHT], [5])),
    ]
    path = tmp_path / "stretch.parquet"
    with GroupedWriter(path, DETECTIONS, detections_table) as writer:
        for row in rows:
            writer.append(row)
        writer.finish({"said": "here"})
    file = pq.ParquetFile(path)
    assert file.metadata.metadata[b"said"] == b"here"
    back = list(read_detections(file.read(), num_slots=6))
    assert [row.time_s for row in back] == [0.0, 0.04, 1 / 3]
    for row, expected in zip(back, rows, strict=True):
        assert row.sample.ori_shape == (90, 160)
        assert row.sample.pred_scores == expected.sample.pred_scores
        assert row.sample.pred_slots == expected.sample.pred_slots
        for lane, other in zip(
            row.sample.pred_lanes, expected.sample.pred_lanes, strict=True
        ):
            assert np.array_equal(lane, other)
    assert back[0].sample.pred_names == ["ego left", "ego right"]


def test_a_table_of_lanes_holds_what_samples_and_states_say() -> None:
    tracked = sample_with([LEFT, RIGHT], [2, 3])
    tracked.pred_ids, tracked.pred_names = [7, 9], ["ego left", "ego right"]
    event = DepartureEvent("left", 0.5, 12, -0.375)
    state = DrivingState(0, 1, -0.5, 1.5, 3.5, "left", 250.0, "left", (event,))
    table = lanes_table(
        [
            FollowedLanes(12, 0.5, tracked, state),
            FollowedLanes(13, 0.54, sample_with([RIGHT], [3]), STATE),
        ]
    )
    assert table.schema.equals(LANES)
    first, second = table.to_pylist()
    assert (first["frame"], first["time"]) == (12, 0.5)
    assert (first["width"], first["height"]) == (160, 90)
    assert [lane["id"] for lane in first["lanes"]] == [7, 9]
    assert [lane["name"] for lane in first["lanes"]] == ["ego left", "ego right"]
    assert first["lanes"][1]["points"][0] == {"x": 120.0, "y": 80.0}
    assert len(first["lanes"][0]["points"]) == 3
    assert first["events"] == [
        {"kind": "left", "frame": 12, "time": 0.5, "offset_share": -0.375}
    ]
    assert (first["offset_m"], first["radius_m"], first["curvature"]) == (
        *(1.5, 250.0),
        "left",
    )
    assert second["lanes"][0]["id"] is None
    assert second["lanes"][0]["name"] is None
    assert second["offset_share"] == 0.25
    assert second["offset_m"] is None
    assert second["events"] == []


def test_every_column_says_what_it_is_and_measures_say_their_unit() -> None:
    for field in LANES:
        assert field.metadata[b"description"]
    units = {field.name: field.metadata.get(b"unit") for field in LANES}
    assert units["time"] == b"s"
    assert units["offset_share"] == b"lane width"
    assert units["radius_m"] == b"m"
    point = LANES.field("lanes").type.value_type["points"].type.value_type
    assert point["x"].metadata[b"unit"] == b"px"


def test_many_rows_are_written_in_groups(tmp_path: Path) -> None:
    path = tmp_path / "lanes.parquet"
    with GroupedWriter(path, LANES, lanes_table) as writer:
        for frame in range(4500):
            writer.append(FollowedLanes(frame, frame / 25, sample_with([], []), STATE))
        writer.finish({})
    file = pq.ParquetFile(path)
    assert file.num_row_groups == 3
    assert file.read()["frame"].to_pylist() == list(range(4500))

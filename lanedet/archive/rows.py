"""Lanes as columns of Arrow, and back."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, NamedTuple, Self, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lanedet.archive.schema import DETECTIONS, LANES
from lanedet.arrays import FloatArray
from lanedet.ops import slot_name
from lanedet.structures import DrivingState, LaneSample

_ROW_GROUP = 2000  # frames, about 5 MB before they are compressed

Row = TypeVar("Row")


class FrameLanes(NamedTuple):
    """What the network found in a frame alone."""

    time_s: float
    """Time since the clip's first frame, in seconds."""

    sample: LaneSample
    """Detections, with scores and slots, and ``ori_shape``."""


class FollowedLanes(NamedTuple):
    """A row of the table."""

    frame: int
    """Position in the clip, from 0."""

    time_s: float
    """Time since the clip's first frame, in seconds."""

    sample: LaneSample
    """Lanes of the frame, tracked or not."""

    state: DrivingState
    """What they say about the driving."""


class GroupedWriter(Generic[Row]):
    """Write rows to a Parquet file, so many at a time that memory stays as it is.

    Use it as a context manager.

    Args:
        path: The file.
        schema: Its columns.
        to_table: Makes a table of some rows.
    """

    def __init__(
        self,
        path: Path,
        schema: pa.Schema,
        to_table: Callable[[Sequence[Row]], pa.Table],
    ) -> None:
        self._to_table = to_table
        self._rows: list[Row] = []
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")

    def append(self, row: Row) -> None:
        """Add a row."""
        self._rows.append(row)
        if len(self._rows) == _ROW_GROUP:
            self._flush()

    def finish(self, metadata: dict[str, str]) -> None:
        """Write what is left, and metadata of the file; it is whole then."""
        self._flush()
        self._writer.add_key_value_metadata(metadata)
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._to_table(self._rows))
            self._rows.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # closed already, or after what went wrong before
            self._writer.close()


def lanes_table(rows: Sequence[FollowedLanes]) -> pa.Table:
    """Return rows with the columns of ``LANES``."""
    samples = [row.sample for row in rows]
    states = [row.state for row in rows]
    lanes = _lanes(
        samples,
        LANES.field("lanes").type,
        {
            "id": [_of_lanes(sample, "pred_ids") for sample in samples],
            "slot": [sample.pred_slots for sample in samples],
            "name": [_of_lanes(sample, "pred_names") for sample in samples],
            "score": [sample.pred_scores for sample in samples],
        },
    )
    columns: dict[str, Any] = {
        "frame": [row.frame for row in rows],
        "time": [row.time_s for row in rows],
        "width": [sample.ori_shape[1] for sample in samples],
        "height": [sample.ori_shape[0] for sample in samples],
        "lanes": lanes,
        "events": [
            [
                {
                    "kind": event.kind,
                    "frame": event.frame,
                    "time": event.time_s,
                    "offset_share": event.offset_share,
                }
                for event in state.events
            ]
            for state in states
        ],
    }
    for name in LANES.names:
        if name not in columns:
            columns[name] = [getattr(state, name) for state in states]
    return _table(columns, LANES)


def detections_table(rows: Sequence[FrameLanes]) -> pa.Table:
    """Return rows with the columns of ``DETECTIONS``."""
    samples = [row.sample for row in rows]
    lanes = _lanes(
        samples,
        DETECTIONS.field("lanes").type,
        {
            "slot": [sample.pred_slots for sample in samples],
            "score": [sample.pred_scores for sample in samples],
        },
    )
    columns = {
        "time": [row.time_s for row in rows],
        "width": [sample.ori_shape[1] for sample in samples],
        "height": [sample.ori_shape[0] for sample in samples],
        "lanes": lanes,
    }
    return _table(columns, DETECTIONS)


def read_detections(table: pa.Table, num_slots: int) -> Iterator[FrameLanes]:
    """Yield the rows that :func:`detections_table` made a table of.

    Args:
        table: Of such rows.
        num_slots: Number of slots K, for the names of lanes.
    """
    for time_s, width, height, lanes in zip(
        *(table[name].to_pylist() for name in ("time", "width", "height")),
        _each_lanes(table["lanes"].combine_chunks()),
        strict=True,
    ):
        sample = LaneSample(metainfo={"ori_shape": (height, width)})
        sample.pred_lanes = [points for points, _, _ in lanes]
        sample.pred_scores = [score for _, score, _ in lanes]
        sample.pred_slots = [slot for _, _, slot in lanes]
        sample.pred_names = [slot_name(slot, num_slots) for _, _, slot in lanes]
        yield FrameLanes(time_s, sample)


def _each_lanes(column: Any) -> Iterator[list[tuple[FloatArray, float, int]]]:
    """Yield of each frame the lanes: points (N, 2), score and slot."""
    values = column.values
    points = values.field("points")
    xs, ys = (points.values.field(name).to_numpy() for name in ("x", "y"))
    all_points = np.stack([xs, ys], axis=1)
    bounds = points.offsets.to_numpy()
    scores, slots = (values.field(name).to_pylist() for name in ("score", "slot"))
    frames = column.offsets.to_numpy()
    for begin, end in pairwise(frames):
        yield [
            (all_points[bounds[lane] : bounds[lane + 1]], scores[lane], slots[lane])
            for lane in range(begin, end)
        ]


def _of_lanes(sample: LaneSample, name: str) -> list[Any]:
    """Return what a sample says of each lane, None for each if it says nothing."""
    values: list[Any] = sample.get(name, [None] * len(sample.pred_lanes))
    return values


def _lanes(
    samples: Sequence[LaneSample], kind: pa.DataType, values: dict[str, list[list[Any]]]
) -> Any:
    """Return the lanes of frames as a column.

    Points go through NumPy: there are a hundred times as many as lanes.

    Args:
        samples: One of each frame.
        kind: Type of the column: a list of structs.
        values: Of each frame and lane the fields of the struct, but for the points.
    """
    struct = kind.value_type
    arrays = {
        name: pa.array([each for frame in frames for each in frame], struct[name].type)
        for name, frames in values.items()
    }
    lines = [line for sample in samples for line in sample.pred_lanes]
    arrays["points"] = _points(lines, struct["points"].type)
    fields = [struct.field(index) for index in range(struct.num_fields)]
    lanes = pa.StructArray.from_arrays(
        [arrays[field.name] for field in fields], fields=fields
    )
    counts = [len(sample.pred_lanes) for sample in samples]
    return pa.ListArray.from_arrays(_offsets(counts), lanes, type=kind)


def _points(lines: Sequence[FloatArray], kind: pa.DataType) -> Any:
    struct = kind.value_type
    joined = np.concatenate(lines) if lines else np.empty((0, 2))
    points = pa.StructArray.from_arrays(
        [
            pa.array(joined[:, axis].astype(struct.field(axis).type.to_pandas_dtype()))
            for axis in range(2)
        ],
        fields=[struct.field(axis) for axis in range(2)],
    )
    return pa.ListArray.from_arrays(_offsets(map(len, lines)), points, type=kind)


def _offsets(counts: Any) -> Any:
    return pa.array(np.cumsum([0, *counts]), pa.int32())


def _table(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    arrays = [
        column
        if isinstance(column := columns[field.name], pa.Array)
        else pa.array(column, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)

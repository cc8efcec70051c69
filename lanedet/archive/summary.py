"""What a table says of a whole fleet, as lines and as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lanedet.archive.layout import LANES_FOLDER, MANIFEST_FOLDER
from lanedet.archive.run import check_table
from lanedet.archive.schema import LANES, MANIFEST
from lanedet.archive.storage import Storage, storage_errors
from lanedet.arrays import ByteArray, FloatArray
from lanedet.video.sources.source import counted
from lanedet.visualization.panels import text_width, write_text

BIN_EDGES: FloatArray = np.round(np.linspace(-0.65, 0.65, 27), 2)
"""Bounds of the histogram's bins, as shares of the lane's width: 0.05 each."""

_HEIGHT, _WIDTH = 720, 1280
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 1250, 250, 640
_INK, _FAINT, _BAR = (40, 40, 40), (200, 200, 200), (0, 114, 178)
_DEPARTED = 0.3


@dataclass(frozen=True)
class TableSummary:
    """The figures of all clips in a table."""

    num_clips: int
    """Clips in the table."""

    num_failed: int
    """Clips that failed."""

    num_faulty: int
    """Clips in the table with which something is wrong."""

    hours: float
    """Length of all clips."""

    num_frames: int
    """Frames of all clips."""

    lane_share: float | None
    """Share of the frames with a lane, None without frames."""

    own_lane_share: float | None
    """Share of the frames with both lines of the own lane, likewise."""

    departures: dict[str, int]
    """Lane departures by side."""

    offset_counts: tuple[int, ...]
    """Frames by their offset, between each two of ``BIN_EDGES``."""

    num_weights: int
    """Number of different weights."""

    @property
    def departures_per_hour(self) -> float | None:
        """Lane departures in an hour of driving, None without any driving."""
        return sum(self.departures.values()) / self.hours if self.hours else None

    def lines(self) -> list[str]:
        """Return the summary as a person may want to read it."""
        lines = [
            f"{counted(self.num_clips, 'clip')}, {self.hours:.2f} h, "
            f"{counted(self.num_frames)}{self._faults()}"
        ]
        if self.own_lane_share is not None and self.lane_share is not None:
            lines.append(
                f"lanes in {self.lane_share:.0%} of the frames, the driver's own lane "
                f"in {self.own_lane_share:.0%}"
            )
        if self.departures_per_hour is not None:
            left, right = self.departures["left"], self.departures["right"]
            lines.append(
                f"{counted(left + right, 'lane departure')} ({left} left, {right} "
                f"right), "
                f"{self.departures_per_hour:.1f} in an hour"
            )
        quantiles = [self._offset(share) for share in (0.05, 0.5, 0.95)]
        if quantiles[1] is not None:
            low, middle, high = quantiles
            lines.append(
                f"offset from the own lane's middle: median {middle:+.2f} of its "
                f"width, 90 % between {low:+.2f} and {high:+.2f}"
            )
        if self.num_weights > 1:
            lines.append(f"made with {self.num_weights} different weights")
        return lines

    def draw(self) -> ByteArray:
        """Return the lines and the offsets' histogram, (720, 1280, 3) uint8, RGB."""
        canvas = np.full((_HEIGHT, _WIDTH, 3), 255, dtype=np.uint8)
        for number, line in enumerate(self.lines()):
            write_text(canvas, line, (_LEFT, 50 + 36 * number), 14, _INK)
        _draw_axes(canvas)
        most = max(self.offset_counts, default=0)
        for index, count in enumerate(self.offset_counts):
            left, right = map(_x_of, BIN_EDGES[index : index + 2])
            top = round(_BOTTOM - (_BOTTOM - _TOP) * count / max(1, most))
            if count:
                cv2.rectangle(canvas, (left + 1, top), (right - 1, _BOTTOM), _BAR, -1)
        return canvas

    def _faults(self) -> str:
        parts = [f"{self.num_faulty} with faults"] if self.num_faulty else []
        parts += [f"{self.num_failed} more failed"] if self.num_failed else []
        return f" ({', '.join(parts)})" if parts else ""

    def _offset(self, share: float) -> float | None:
        """Return the offset that so many of the frames are below, from the bins."""
        counts = np.array(self.offset_counts)
        if not counts.sum():
            return None
        below = np.concatenate([[0.0], np.cumsum(counts) / counts.sum()])
        return float(np.interp(share, below, BIN_EDGES))


def summarize_table(table: str) -> TableSummary:
    """Return the figures of a table.

    Its files are read one after the other, so memory does not grow with them.

    Args:
        table: Folder of the table: a path or a URL.

    Raises:
        FileNotFoundError: If there is no table.
        ValueError: If the folder is none.
        StorageError: If it cannot be read.
    """
    storage = Storage(table)
    check_table(storage)
    with storage_errors(table):
        if not storage.names(MANIFEST_FOLDER):
            raise FileNotFoundError(
                f"No table at {storage.shown!r}. lanedet archive SOURCE --out TABLE "
                "makes one."
            )
        rows = _opened(storage, MANIFEST_FOLDER, MANIFEST).to_table()
        counts = _offset_counts(storage)
    done = rows.filter(pc.equal(rows["state"], "done"))
    num_frames = pc.sum(done["frames"]).as_py() or 0

    def mean(name: str) -> float | None:
        if not num_frames:
            return None
        return (
            float(pc.sum(pc.multiply(done[name], done["frames"])).as_py()) / num_frames
        )

    return TableSummary(
        num_clips=len(done),
        num_failed=len(rows) - len(done),
        num_faulty=len(done) - done["fault"].null_count,
        hours=(pc.sum(done["seconds"]).as_py() or 0.0) / 3600,
        num_frames=num_frames,
        lane_share=mean("lane_share"),
        own_lane_share=mean("own_lane_share"),
        departures={
            side: pc.sum(done[f"departures_{side}"]).as_py() or 0
            for side in ("left", "right")
        },
        offset_counts=tuple(map(int, counts)),
        num_weights=len(pc.unique(done["weights"])),
    )


def _offset_counts(storage: Storage) -> Sequence[int]:
    counts = np.zeros(len(BIN_EDGES) - 1, dtype=np.int64)
    if not storage.names(LANES_FOLDER):
        return counts.tolist()
    lanes = _opened(storage, LANES_FOLDER, LANES)
    for batch in lanes.to_batches(columns=["offset_share"]):
        offsets = batch["offset_share"].drop_null().to_numpy()
        counts += np.histogram(offsets.clip(-0.65, 0.65), BIN_EDGES)[0]
    return counts.tolist()


def _opened(storage: Storage, folder: str, schema: pa.Schema) -> Any:
    """Return the Parquet files of a folder, which are not read yet."""
    import pyarrow.dataset as pads  # and pandas, in half a second

    return pads.dataset(storage.path_of(folder), schema, "parquet", storage.file_system)


def _x_of(offset: float) -> int:
    share = (offset - BIN_EDGES[0]) / (BIN_EDGES[-1] - BIN_EDGES[0])
    return round(_LEFT + share * (_RIGHT - _LEFT))


def _draw_axes(canvas: ByteArray) -> None:
    for offset in (-0.5, -_DEPARTED, 0.0, _DEPARTED, 0.5):
        x = _x_of(offset)
        cv2.line(canvas, (x, _TOP - 20), (x, _BOTTOM), _FAINT, 1)
        text = f"{offset:+.1f}" if offset else "0"
        corner = (x - text_width(text, 14) // 2, _BOTTOM + 30)
        write_text(canvas, text, corner, 14, _INK)
    cv2.line(canvas, (_LEFT, _BOTTOM), (_RIGHT, _BOTTOM), _INK, 1)
    text = "offset to the right of the own lane's middle, in lane widths"
    write_text(canvas, text, (_LEFT, _BOTTOM + 62), 14, _INK)

"""Lanes of a video as text: JSON Lines, one object per frame.

A line reads, with coordinates in pixels of the video's frames::

    {"frame": 7, "time": 0.28, "lanes": [
        {"slot": 2, "score": 0.97, "points": [[412.3, 539.0], [430.1, 520.0]]}]}
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

from lanedet.datasets import LabelError
from lanedet.structures import FloatArray, LaneSample


class LoggedFrame(NamedTuple):
    """One line of a log."""

    number: int
    """Position of the frame in the video, from 0."""

    lanes: list[FloatArray]
    """Polylines, each (N, 2) in pixels of the video's frames."""

    scores: list[float]
    """Confidence of each lane, in [0, 1]."""


def read_lane_log(path: Path) -> Iterator[LoggedFrame]:
    """Yield the frames of a log, in the file's order.

    Raises:
        FileNotFoundError: If there is no such file.
        LabelError: If a line is broken; the message names it.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"No log of lanes at '{path}'. tools/infer_video.py --json writes one."
        )
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                try:
                    yield _parse_line(line)
                except (KeyError, TypeError, ValueError, RecursionError) as error:
                    raise LabelError(
                        f"{path}:{number}: this is no line of a log of lanes ({error})."
                    ) from error


class LaneLog:
    """Write the lanes of a video, a line per frame.

    Use it as a context manager. Every line is handed to the system at once, and taken
    back if it does not fit on the disk, so that a run that is cut off leaves whole
    lines only.

    Args:
        path: The file. Missing folders are made, an existing file is replaced.

    Raises:
        OSError: If the file cannot be written.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.num_frames = 0
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Without a buffer, which would keep a line that failed and try it again.
        self._file = self.path.open("wb", buffering=0)
        self._size = 0

    def write(self, time_s: float, sample: LaneSample) -> None:
        """Append the next frame's line.

        Args:
            time_s: Time since the first frame, in seconds.
            sample: Predicted lanes, with scores and slots. Points are rounded to 0.1
                pixels, scores to 0.001.

        Raises:
            OSError: If the line cannot be written. The file then ends with the last.
        """
        lanes = [
            {
                "slot": slot,
                "score": round(score, 3),
                "points": np.round(points, 1).tolist(),
            }
            for points, score, slot in zip(
                sample.pred_lanes, sample.pred_scores, sample.pred_slots, strict=True
            )
        ]
        line = {"frame": self.num_frames, "time": round(time_s, 6), "lanes": lanes}
        self._append(f"{json.dumps(line)}\n".encode())
        self.num_frames += 1

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, line: bytes) -> None:
        rest = line
        try:
            while rest:  # a disk that gets full takes the part that fits
                rest = rest[self._file.write(rest) :]
        except OSError:
            with suppress(OSError):  # a pipe cannot be cut back
                self._file.truncate(self._size)
                self._file.seek(self._size)
            raise
        self._size += len(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _parse_line(line: str) -> LoggedFrame:
    record: dict[str, Any] = json.loads(line)
    index, lanes = record["frame"], record["lanes"]
    if type(index) is not int or index < 0:
        raise ValueError(f"'frame' must be a number from 0 up, got {index!r:.60}")
    points = [np.array(lane["points"], dtype=np.float64) for lane in lanes]
    for lane in points:
        if lane.ndim != 2 or lane.shape[1] != 2 or not np.isfinite(lane).all():
            raise ValueError("'points' must be a list of [x, y], both finite")
    return LoggedFrame(index, points, [float(lane["score"]) for lane in lanes])

"""Lanes of a video as text: JSON Lines, one object per frame.

A line reads, with coordinates in pixels of the frame, of which it tells the size::

    {"frame": 7, "time": 0.28, "name": null, "width": 960, "height": 540,
     "lanes": [{"slot": 2, "name": "ego left", "id": 0, "score": 0.66,
                "points": [[412.3, 539.0], [430.1, 520.0]]}],
     "ego": {"left": 0, "right": null, "offset_share": null, "offset_m": null,
             "lane_width_m": null, "curvature": null, "radius_m": null,
             "departure": null},
     "events": [{"kind": "left", "frame": 3, "time": 0.12, "offset_share": -0.31}]}

``name`` is the path of a picture below the folder that was named; the frames of a clip
have none. ``left`` and ``right`` of ``ego`` say which of the lanes are the lines of the
driver's own lane; the rest is as in :class:`~lanedet.structures.DrivingState` and
:class:`~lanedet.structures.DepartureEvent`. What is not known is null.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.formats import LabelError
from lanedet.structures import DepartureEvent, DrivingState, LaneSample


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
            f"No log of lanes at '{path}'. lanedet video --json writes one."
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


class LineFile:
    """A text file that grows line by line and holds whole lines only.

    Use it as a context manager. Every line is handed to the system at once, and taken
    back if it does not fit on the disk, so that a run that is cut off leaves whole
    lines only, and other programs can follow the file while it grows.

    Args:
        path: The file, or a pipe. Missing folders are made. An existing file is
            replaced by the first line: until then it stays what it is. If no line was
            written there is no new file.

    Raises:
        OSError: If the file cannot be written.

    Attributes:
        num_frames: Lines that were written, one a frame.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.num_frames = 0
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._is_new = not self.path.exists()
        # Without a buffer, which would keep a line that failed and try it again; and to
        # append, as that fails now if it must but does not empty what is there.
        self._file = self.path.open("ab", buffering=0)
        self._size = 0

    def append(self, line: str) -> None:
        """Append a line, given without its end.

        Raises:
            OSError: If it cannot be written. The file then ends with the one before.
        """
        content = f"{line}\n".encode()
        rest = content
        if self.num_frames == 0:
            self._cut_back()
        try:
            while rest:  # a disk that gets full takes the part that fits
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._cut_back()
            raise
        self._size += len(content)
        self.num_frames += 1

    def close(self) -> None:
        """Close the file, and remove it if it is new and empty."""
        if not self._file.closed and self._is_new and not self.num_frames:
            self.path.unlink(missing_ok=True)
        self._file.close()

    def _cut_back(self) -> None:
        """Leave nothing but the lines that were written."""
        with suppress(OSError):  # a pipe cannot be cut
            self._file.truncate(self._size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class LaneLog(LineFile):
    """Write the lanes of a video, a line per frame, as a :class:`LineFile`."""

    def write(
        self,
        index: int,
        time_s: float,
        sample: LaneSample,
        state: DrivingState | None = None,
        *,
        name: str | None = None,
    ) -> None:
        """Append the next frame's line.

        Args:
            index: Position of the frame in its source.
            time_s: Time since the source's first frame, in seconds.
            sample: Predicted lanes, with scores and slots, names if they have any, ids
                if they are tracked, and the frame's size as ``ori_shape``. Points are
                rounded to 0.1 pixels, scores to 0.001.
            state: What the lanes say about the driving.
            name: Name of the picture, where the source is made of pictures.

        Raises:
            OSError: If the line cannot be written. The file then ends with the last.
            ValueError: If a number is not finite, which JSON cannot hold; likewise.
        """
        height, width = sample.ori_shape if "ori_shape" in sample else (None, None)
        line = {
            "frame": index,
            "time": round(time_s, 6),
            "name": name,
            "width": width,
            "height": height,
            "lanes": _lanes(sample),
            "ego": None if state is None else _ego(state),
            "events": [] if state is None else [_event(e) for e in state.events],
        }
        try:
            text = json.dumps(line, allow_nan=False)
        except ValueError as error:
            raise ValueError(
                f"Frame {index} must have finite numbers only to be logged, got a "
                "point, score or measure that is not. Check the weights and the "
                "calibration."
            ) from error
        self.append(text)


def _lanes(sample: LaneSample) -> list[dict[str, Any]]:
    number = len(sample.pred_lanes)
    fields = {
        "slot": sample.pred_slots,
        "name": sample.pred_names if "pred_names" in sample else [None] * number,
        "id": sample.pred_ids if "pred_ids" in sample else [None] * number,
        "score": [round(score, 3) for score in sample.pred_scores],
        "points": [np.round(points, 1).tolist() for points in sample.pred_lanes],
    }
    return [
        dict(zip(fields, values, strict=True))
        for values in zip(*fields.values(), strict=True)
    ]


def _ego(state: DrivingState) -> dict[str, Any]:
    return {
        "left": state.ego_left,
        "right": state.ego_right,
        "offset_share": _rounded(state.offset_share, 4),
        "offset_m": _rounded(state.offset_m, 3),
        "lane_width_m": _rounded(state.lane_width_m, 3),
        "curvature": state.curvature,
        "radius_m": _rounded(state.radius_m, 1),
        "departure": state.departure,
    }


def _event(event: DepartureEvent) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "frame": event.frame,
        "time": round(event.time_s, 6),
        "offset_share": _rounded(event.offset_share, 4),
    }


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)


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

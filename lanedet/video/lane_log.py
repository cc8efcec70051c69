"""Lanes of a video as text: JSON Lines, one object per frame.

A line reads, with coordinates in pixels of the video's frames::

    {"frame": 7, "time": 0.28, "lanes": [
        {"slot": 2, "score": 0.97, "points": [[412.3, 539.0], [430.1, 520.0]]}]}
"""

import json
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from lanedet.structures import LaneSample


class LaneLog:
    """Write the lanes of a video, a line per frame.

    Use it as a context manager. Every line is handed to the system at once, so that a
    run that is cut off leaves whole lines only.

    Args:
        path: The file. Missing folders are made, an existing file is replaced.

    Raises:
        OSError: If the file cannot be written.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.num_frames = 0
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("w", encoding="utf-8")

    def write(self, time_s: float, sample: LaneSample) -> None:
        """Append the next frame's line.

        Args:
            time_s: Time since the first frame, in seconds.
            sample: Predicted lanes, with scores and slots. Points are rounded to 0.1
                pixels, scores to 0.001.
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
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        self.num_frames += 1

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

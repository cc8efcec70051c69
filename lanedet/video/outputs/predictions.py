"""Lanes of a video in the formats in which benchmarks take predictions."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.datasets import (
    culane_label_path,
    format_culane_lanes,
    format_tusimple_line,
    sample_culane_lane,
)
from lanedet.files import replace_file
from lanedet.ops import continue_to_border
from lanedet.structures import LaneSample
from lanedet.video.outputs.log import LineFile

_STEP = 10  # pixels between rows, in both benchmarks


class TuSimplePredictions(LineFile):
    """A TuSimple prediction file, a line per frame.

    On images 720 high the rows are the benchmark's own, 160, 170, ... 710; on others
    they begin at the same share of the height.
    """

    def write(self, name: str, sample: LaneSample, run_time_ms: float) -> None:
        """Append the next frame's line.

        Args:
            name: The benchmark's name of the image.
            sample: Predicted lanes, with ``ori_shape``.
            run_time_ms: Time that the prediction took.

        Raises:
            OSError: If the line cannot be written. The file then ends with the last.
        """
        rows = tusimple_rows(sample.ori_shape[0])
        self.append(format_tusimple_line(name, sample.pred_lanes, rows, run_time_ms))


class CULanePredictions:
    """A folder of CULane prediction files, ``<name>.lines.txt`` for each frame.

    On images 590 high the rows are 589, 579, ... 249; on others they begin at the
    bottom too and end at the same share of the height.

    Args:
        path: The folder. It is made if missing; files of the same names are replaced,
            so that :func:`check_no_lanes` is to be called before.

    Attributes:
        num_frames: Files that were written.
    """

    def __init__(self, path: Path | str, to_border: bool = True) -> None:
        self.path = Path(path)
        self.to_border = to_border
        self.num_frames = 0
        self.path.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, sample: LaneSample) -> None:
        """Write a frame's file.

        Args:
            name: The benchmark's name of the image.
            sample: Predicted lanes, with ``ori_shape``.

        Raises:
            OSError: If it cannot be written. There is then no such file, as an empty
                one would say that there are no lanes, or the one of before.
            ValueError: If the name leads out of the folder, or the frame's own picture
                lies there: then the file would be taken for its label, or replace it.
        """
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts:
            raise ValueError(
                f"The name of a frame must be relative and stay in its folder, got "
                f"{name!r}."
            )
        if (self.path / name).exists():
            raise ValueError(
                "CULane predictions must go to a folder apart from the images, whose "
                f"labels they would replace, got {str(self.path)!r}, which holds "
                f"{name!r}. Name another folder."
            )
        rows = culane_rows(sample.ori_shape[0])
        lanes = sample.pred_lanes
        if self.to_border:
            lanes = [continue_to_border(lane, sample.ori_shape) for lane in lanes]
        lanes = [sample_culane_lane(lane, rows) for lane in lanes]
        path = culane_label_path(self.path, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, format_culane_lanes(lanes))
        self.num_frames += 1


def check_no_lanes(path: Path, sequences: Iterable[str]) -> None:
    """Raise ValueError if other lanes lie where new ones will.

    They may be labels, or lanes of another source of the same name, or of an earlier
    run over more frames. Nothing could tell them from the new ones.

    Args:
        path: The folder of the predictions, which need not exist.
        sequences: The folders in it that will be written, with ``/``.
    """
    for folder in (path / sequence for sequence in sequences):
        other = next(folder.glob("*.lines.txt"), None)
        if other is not None:
            raise ValueError(
                "CULane predictions must go to a folder apart from the images and from "
                f"other lanes, got {str(folder)!r}, which holds {other.name!r} "
                "already. Name another folder, or delete that one if it is of an "
                "earlier run."
            )


def tusimple_rows(height: int) -> FloatArray:
    """Return the rows of TuSimple predictions for images of a height.

    Example:
        >>> rows = tusimple_rows(720)
        >>> len(rows), float(rows[0]), float(rows[-1])
        (56, 160.0, 710.0)
    """
    first = int(np.ceil(height * 160 / 720 / _STEP)) * _STEP
    return np.arange(first, height, _STEP, dtype=np.float64)


def culane_rows(height: int) -> FloatArray:
    """Return the rows of CULane predictions for images of a height.

    Example:
        >>> rows = culane_rows(590)
        >>> len(rows), float(rows[0]), float(rows[-1])
        (35, 589.0, 249.0)
    """
    return np.arange(height - 1, height * 239 / 590, -_STEP, dtype=np.float64)

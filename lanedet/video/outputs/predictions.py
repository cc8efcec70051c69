"""Lanes of a video in the formats in which benchmarks take predictions."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from lanedet.files import replace_file
from lanedet.formats import (
    culane_label_path,
    culane_prediction,
    format_tusimple_line,
    tusimple_prediction,
    tusimple_rows,
)
from lanedet.formats.culane import CULANE_LINES_SUFFIX
from lanedet.structures import LaneSample
from lanedet.video.outputs.log import LineFile


class TuSimplePredictions(LineFile):
    """A TuSimple prediction file, a line per frame.

    The rows are those of :func:`~lanedet.formats.tusimple_rows`, as in the labels of
    generated scenes.
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
        height, width = sample.ori_shape
        line = tusimple_prediction(
            name, sample.pred_lanes, tusimple_rows(height), width, run_time_ms
        )
        self.append(format_tusimple_line(line))


class CULanePredictions:
    """A folder of CULane prediction files, ``<name>.lines.txt`` for each frame.

    The rows are those of :func:`~lanedet.formats.culane_rows`, as in what
    :class:`~lanedet.evaluation.CULaneMetric` scores.

    Args:
        path: The folder. It is made if missing; files of the same names are replaced,
            so that :func:`check_no_lanes` is to be called before.
        to_border: As of :func:`~lanedet.formats.culane_prediction`.

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
        text = culane_prediction(
            sample.pred_lanes, sample.ori_shape, to_border=self.to_border
        )
        path = culane_label_path(self.path, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text)
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
        other = next(folder.glob(f"*{CULANE_LINES_SUFFIX}"), None)
        if other is not None:
            raise ValueError(
                "CULane predictions must go to a folder apart from the images and from "
                f"other lanes, got {str(folder)!r}, which holds {other.name!r} "
                "already. Name another folder, or delete that one if it is of an "
                "earlier run."
            )

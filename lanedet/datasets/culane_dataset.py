"""The CULane benchmark as a data set."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lanedet.datasets.lane_dataset import LaneDataset
from lanedet.formats.culane import read_culane_labels
from lanedet.formats.label_faults import OnError
from lanedet.structures import LaneSample


class CULaneDataset(LaneDataset):
    """Frames of a CULane tree, in the order of a list.

    Lanes are read from the lane files, not from the class maps. Which slot a lane
    belongs to follows from its geometry (``lanedet.ops.assign_slots``).

    Args:
        data_root: Folder that holds ``list/`` and the ``driver_*`` folders.
        list_file: Name of the list, relative to ``data_root``.
        pipeline: Configs of the transforms.
        indices: Use the first so many frames, or the given ones.
        test_mode: As in mmengine's ``BaseDataset``.
        on_error: What to do about an image whose label is broken or missing, or that
            is missing itself: ``"raise"``, or ``"skip"`` to leave the image out, count
            and report.
        label_shape: (H, W) of the images for which the labels were made, where those
            under ``data_root`` are resized copies, all of one size. Labels are scaled
            to them, and the benchmark scores in pixels of that size.

    Raises:
        FileNotFoundError: If the list is missing.
        LabelError: If a label is broken or does not fit ``label_shape``, or with
            ``"skip"`` if none is whole.
    """

    def __init__(
        self,
        *,
        data_root: str,
        pipeline: Sequence[Mapping[str, Any]],
        list_file: str = "list/train_gt.txt",
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
        on_error: OnError = "raise",
        label_shape: tuple[int, int] | None = None,
    ) -> None:
        self.list_file = list_file
        self.label_shape = label_shape
        super().__init__(
            data_root=data_root,
            pipeline=pipeline,
            indices=indices,
            test_mode=test_mode,
            on_error=on_error,
        )

    def load_samples(self, data_root: Path) -> list[LaneSample]:
        """Read the labels of the listed images."""
        return read_culane_labels(
            data_root / self.list_file, data_root, self.faults, self.label_shape
        )

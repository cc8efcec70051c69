"""The TuSimple benchmark as a data set."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lanedet.datasets.lane_dataset import LaneDataset
from lanedet.formats.label_faults import OnError
from lanedet.formats.tusimple import find_tusimple_labels, read_tusimple_labels
from lanedet.structures import LaneSample


class TuSimpleDataset(LaneDataset):
    """Frames of a TuSimple tree, in the order of the label files.

    Args:
        data_root: Folder that holds the label files and ``clips/``, or these in
            ``train_set/`` and ``test_set/``.
        ann_files: Names of the label files, or the one name. The usual split trains on
            0313 and 0601 and validates on 0531.
        pipeline: Configs of the transforms.
        indices: Use the first so many frames, or the given ones.
        test_mode: As in mmengine's ``BaseDataset``.
        on_error: What to do about a broken line of a label file: ``"raise"``, or
            ``"skip"`` to leave its frame out, count and report, and likewise frames
            whose image is absent.
        label_shape: (H, W) of the images for which the labels were made, where those
            under ``data_root`` are resized copies, all of one size. Labels are scaled
            to them, and the benchmark scores in pixels of that size.

    Raises:
        FileNotFoundError: If a label file is missing.
        LabelError: If a label file has a broken line, or one that does not fit
            ``label_shape``, or with ``"skip"`` if no line
            is whole.
    """

    def __init__(
        self,
        *,
        data_root: str,
        ann_files: Sequence[str] | str,
        pipeline: Sequence[Mapping[str, Any]],
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
        on_error: OnError = "raise",
        label_shape: tuple[int, int] | None = None,
    ) -> None:
        # A text is a sequence too, of its letters.
        self.ann_files = [ann_files] if isinstance(ann_files, str) else list(ann_files)
        self.label_shape = label_shape
        super().__init__(
            data_root=data_root,
            pipeline=pipeline,
            indices=indices,
            test_mode=test_mode,
            on_error=on_error,
        )

    def load_samples(self, data_root: Path) -> list[LaneSample]:
        """Read the label files."""
        return [
            sample
            for name in self.ann_files
            for sample in read_tusimple_labels(
                find_tusimple_labels(data_root, name),
                data_root,
                self.faults,
                self.label_shape,
            )
        ]

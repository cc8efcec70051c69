"""The BDD100K benchmark as a data set."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.logging import print_log

from lanedet.datasets.lane_dataset import LaneDataset
from lanedet.formats.bdd100k import (
    Split,
    find_bdd100k_images,
    find_bdd100k_labels,
    read_bdd100k_labels,
)
from lanedet.formats.bdd100k_splits import select_bdd100k_split, select_listed_images
from lanedet.formats.label_faults import OnError
from lanedet.structures import LaneSample


class BDD100KDataset(LaneDataset):
    """Images of a BDD100K tree, as it lies after download.

    The split is SAD's: training on 60,000 images of the official training folder,
    validation on the other 10,000, test on the official validation folder.

    Args:
        data_root: Folder that holds ``images/`` and ``labels/``, or ``bdd100k/`` with
            these.
        split: ``train``, ``val`` or ``test``.
        pipeline: Configs of the transforms.
        labels: Label file or folder to read, relative to ``data_root``. None takes
            the first that is there, curves before masks.
        list_file: File that names the split's images, relative to ``data_root``, such
            as SAD's ``val_gt_bdd.txt``. None takes the rule of
            :func:`~lanedet.formats.bdd100k_splits.select_bdd100k_split`.
        drop_vertical: Leave out curves across the road, such as stop lines.
        drop_crosswalks: Leave out the edges of crosswalks.
        on_error: What to do about a broken label: ``"raise"``, or ``"skip"`` to leave
            it out, count and report, and likewise labels whose image is absent.
        label_shape: (H, W) of the images for which the labels were made, where those
            under ``data_root`` are resized copies, all of one size. Labels are scaled
            to them, and the benchmark scores in pixels of that size.
        indices: Use the first so many images, or the given ones.
        test_mode: As in mmengine's ``BaseDataset``.

    Raises:
        FileNotFoundError: If labels or list are missing.
        LabelError: If a label is broken or does not fit ``label_shape``.
        ValueError: If there is no such split.
    """

    def __init__(  # noqa: PLR0913
        self,
        *,
        data_root: str,
        split: Split,
        pipeline: Sequence[Mapping[str, Any]],
        labels: str | None = None,
        list_file: str | None = None,
        drop_vertical: bool = True,
        drop_crosswalks: bool = True,
        on_error: OnError = "raise",
        label_shape: tuple[int, int] | None = None,
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
    ) -> None:
        self.split = split
        self.labels = labels
        self.list_file = list_file
        self.drop_vertical = drop_vertical
        self.drop_crosswalks = drop_crosswalks
        self.label_shape = label_shape
        super().__init__(
            data_root=data_root,
            pipeline=pipeline,
            indices=indices,
            test_mode=test_mode,
            on_error=on_error,
        )

    def load_samples(self, data_root: Path) -> list[LaneSample]:
        """Read the labels of the split's folder and choose those of the split."""
        if self.labels is None:
            labels = find_bdd100k_labels(data_root, self.split)
        else:
            labels = data_root / self.labels
        samples = list(
            read_bdd100k_labels(
                labels,
                find_bdd100k_images(data_root, self.split),
                self.faults,
                drop_vertical=self.drop_vertical,
                drop_crosswalks=self.drop_crosswalks,
                label_shape=self.label_shape,
            )
        )
        has_lanes = any("gt_mask_path" in each or each.gt_lanes for each in samples)
        if samples and not has_lanes:
            print_log(
                f"None of the {len(samples)} images in {labels} has a lane. Labels of "
                "other tasks have the same form: are these the lanes?",
                logger="current",
                level=logging.WARNING,
            )
        if self.list_file is None:
            return select_bdd100k_split(samples, self.split)
        return select_listed_images(samples, data_root / self.list_file, self.faults)

"""Samples on disk as a data set for the training and test loops."""

import logging
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from lanedet.formats.label_faults import LabelError, LabelFaults, OnError
from lanedet.images import ImageError
from lanedet.structures import LaneSample


class LaneDataset(BaseDataset):
    """A list of :class:`LaneSample` and a pipeline of transforms.

    An index may be any number from 0 up. ``draw % len(self)`` is the sample, and the
    draw itself seeds the pipeline's random numbers. What a draw looks like therefore
    depends on nothing else: not on the number of workers, nor on whether training was
    interrupted on the way. :class:`~lanedet.datasets.EndlessSampler` makes the draws.

    The pipeline is called with ``data_samples`` (the LaneSample) and ``rng`` (a NumPy
    generator) in one dict.

    Args:
        data_root: Folder of the data set.
        pipeline: Configs of the transforms.
        indices: Use the first so many samples, or the given ones.
        test_mode: As in mmengine's ``BaseDataset``.
        on_error: What to do about a broken label: ``"raise"``, or ``"skip"`` to leave
            its image out, count and report, and likewise labels whose image is absent
            and, in training, images that cannot be read.

    Attributes:
        faults: What to do about a broken label, and what was left out.

    Raises:
        LabelError: If a label is broken, or with ``"skip"`` if all are.
    """

    makes_its_folder: ClassVar[bool] = False
    """Whether ``data_root`` need not be there: the data set makes it and what is in
    it."""

    def __init__(
        self,
        *,
        data_root: str,
        pipeline: Sequence[Mapping[str, Any]],
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
        on_error: OnError = "raise",
    ) -> None:
        self.faults = LabelFaults(on_error)
        super().__init__(
            data_root=data_root,
            pipeline=list(pipeline),
            indices=indices,
            test_mode=test_mode,
        )

    @abstractmethod
    def load_samples(self, data_root: Path) -> list[LaneSample]:
        """Read the samples, with ``gt_lanes`` and ``img_path``, from the disk.

        Broken labels are reported to :attr:`faults`.
        """

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the samples in the form that mmengine stores."""
        samples = self.load_samples(Path(self.data_root))
        if self.faults.on_error == "skip":
            samples = [sample for sample in samples if self._has_image(sample)]
        _check_one_size(samples)
        left_out = self.faults.summary()
        if left_out:
            print_log(left_out, logger="current", level=logging.WARNING)
        if self.faults.messages and not samples:
            raise LabelError(
                f"None of the labels can be read; the first: {self.faults.messages[0]}"
            )
        return [{"data_samples": sample} for sample in samples]

    def _has_image(self, sample: LaneSample) -> bool:
        path = Path(sample.img_path)
        with self.faults.allow():
            if not path.is_file():
                raise LabelError(f"{path}: a label names this image, but it is absent.")
            return True
        return False

    def results_of(self, draw: int) -> dict[str, Any]:
        """Return what the pipeline is called with for a draw."""
        sample = self.get_data_info(draw % len(self))["data_samples"]
        return {"data_samples": sample, "rng": np.random.default_rng(draw)}

    def __getitem__(self, draw: int) -> Any:
        """Return what the pipeline makes of a draw.

        In training, and with ``on_error="skip"``, the next sample stands in for one
        whose image cannot be read, with a warning. A test counts every image: there it
        is an error.

        Raises:
            ImageError: If an image cannot be read, or none that could stand in.
        """
        if self.test_mode or self.faults.on_error == "raise":
            return self.pipeline(self.results_of(draw))
        for number in range(len(self)):
            results = self.results_of(draw + number)
            try:
                return self.pipeline(results | {"rng": np.random.default_rng(draw)})
            except ImageError as error:
                self._warn_once(str(error))
        raise ImageError("No image of the data set can be read.")

    def _warn_once(self, message: str) -> None:
        if message in self.faults.messages:
            return
        self.faults.messages.append(message)
        print_log(
            f"Left out (on_error='skip'), {len(self.faults.messages)} by now: "
            f"{message}",
            logger="current",
            level=logging.WARNING,
        )


def _check_one_size(samples: Sequence[LaneSample]) -> None:
    """Raise LabelError if labels were scaled to images of several sizes.

    Readers see to it within a label file; a data set may have several of them.
    """
    scaled = [sample for sample in samples if "label_shape" in sample]
    for sample in scaled:
        if sample.ori_shape != scaled[0].ori_shape:
            raise LabelError(
                "With label_shape, all images must be copies of one size, got (H, W) = "
                f"{scaled[0].ori_shape} of '{scaled[0].img_path}' and "
                f"{sample.ori_shape} of '{sample.img_path}'. Resize them alike, or "
                "keep each size in a tree of its own."
            )

"""Draws predictions while training and testing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from lanedet.images import read_image
from lanedet.structures import LaneSample


class LaneVisualizationHook(Hook):
    """Draw predicted and annotated lanes.

    While training, the same few validation images go to the visualizer after every
    validation and appear in TensorBoard. While testing, every image goes to
    ``show_dir``, if one is named.

    Args:
        num_val_images: Number of validation images to draw.
        show_dir: Folder for the images of the test set, or None.
    """

    def __init__(self, num_val_images: int = 8, show_dir: str | None = None) -> None:
        self.num_val_images = num_val_images
        self.show_dir = None if show_dir is None else Path(show_dir)
        self._num_drawn = 0

    def before_val(self, runner: Runner) -> None:
        """Start with the first image again."""
        self._num_drawn = 0

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[LaneSample] | None = None,
    ) -> None:
        """Draw the first validation images."""
        for sample in outputs or ():
            if self._num_drawn >= self.num_val_images:
                return
            runner.visualizer.add_datasample(
                f"val/{self._num_drawn:02d}",
                read_image(sample.img_path),
                sample,
                step=runner.iter,
            )
            self._num_drawn += 1

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[LaneSample] | None = None,
    ) -> None:
        """Draw every test image into ``show_dir``."""
        if self.show_dir is None:
            return
        for sample in outputs or ():
            # Benchmarks name images alike in every clip: keep the folders.
            name = getattr(sample, "raw_file", Path(sample.img_path).name)
            runner.visualizer.add_datasample(
                name,
                read_image(sample.img_path),
                sample,
                out_file=self.show_dir / name.lstrip("/"),
            )

"""Draws predictions while training and testing."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from lanedet.files import check_distinct_outputs
from lanedet.images import check_image_path, has_image_suffix, read_image
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

    def before_test(self, runner: Runner) -> None:
        """Plan the pictures of all test images, before any is drawn.

        Raises:
            ValueError: If a picture would replace an image of the data set, or the
                picture of another.
            OSError: If the name of a picture is too long.
        """
        if self.show_dir is None:
            return
        dataset = runner.test_dataloader.dataset
        samples = (
            dataset.get_data_info(index)["data_samples"]
            for index in range(len(dataset))
        )
        pairs = [
            (Path(sample.img_path), picture_path(self.show_dir, sample))
            for sample in samples
        ]
        check_distinct_outputs(pairs)
        images = {image.resolve() for image, _ in pairs}
        for image, picture in pairs:
            check_image_path(picture)
            if picture.resolve() in images:
                raise ValueError(
                    "The pictures must go to a folder apart from the images, got "
                    f"{str(picture)!r} for that of {str(image)!r}."
                )

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
            picture = picture_path(self.show_dir, sample)
            runner.visualizer.add_datasample(
                picture.name, read_image(sample.img_path), sample, out_file=picture
            )


def picture_path(folder: Path, sample: LaneSample) -> Path:
    """Return where in a folder the picture of a sample goes.

    By the benchmark's own name of the image, folders and all, since benchmarks name
    images alike in every clip. A name that does not end as an image file gets the
    ending of the image's.

    Args:
        folder: Folder of the pictures.
        sample: With ``img_path`` and, where the benchmark has one, ``raw_file``.

    Raises:
        ValueError: If the name leads out of the folder.
    """
    image = Path(sample.img_path)
    name = getattr(sample, "raw_file", image.name)
    inside = Path(os.path.normpath(name.lstrip("/")))
    if ".." in inside.parts:
        raise ValueError(
            f"The name of an image must not lead out of its folder, got {name!r}."
        )
    if not has_image_suffix(inside):
        suffix = image.suffix if has_image_suffix(image) else ".png"
        inside = inside.with_name(f"{inside.name}{suffix}")
    return folder / inside

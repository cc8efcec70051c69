"""BDD100K's pixel protocols as a metric of mmengine's evaluator."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.evaluator import BaseMetric
from numpy.typing import NDArray

from lanedet.evaluation.functional.bdd100k import (
    GT_WIDTH_PX,
    MAX_WIDTH_PX,
    MULTITASK_BATCH_SIZE,
    PixelCounts,
    count_pixels,
    mean_pixel_score,
    multitask_counts,
    multitask_score,
)
from lanedet.evaluation.label_pixels import in_label_pixels
from lanedet.formats import lanes_of_mask
from lanedet.formats.masks import read_mask
from lanedet.images import write_image
from lanedet.ops import class_map_to_original, draw_lane_mask
from lanedet.structures import LaneSample


@dataclass(frozen=True)
class _Record:
    """What is kept of one image: counts, so that memory does not grow with masks."""

    # Not a NamedTuple: mmengine rebuilds tuples in the results as plain ones.

    sad: PixelCounts
    multitask: PixelCounts


class BDD100KMetric(BaseMetric):
    """Score the pixels of predicted lanes by both protocols that papers use.

    It reports ``sad_accuracy`` and ``sad_iou``
    (:func:`~lanedet.evaluation.functional.bdd100k.mean_pixel_score`) and
    ``multitask_accuracy`` and ``multitask_iou``
    (:func:`~lanedet.evaluation.functional.bdd100k.multitask_score`), in [0, 1]. Only
    numbers of one protocol may be compared with each other.

    It reads of each sample ``pred_class_map``, of which every class but 0 is lane, and
    the meta information ``view``, and where labels were made for another size than the
    image's, ``label_shape``: pixels are then counted at that size. The label is the
    mask at ``gt_mask_path`` where the sample has one, else ``gt_lanes`` drawn into one.

    Args:
        gt_width_px: Width at which ``gt_lanes`` are drawn, in pixels of the image that
            was labelled. The protocols' 2 is made for images 1280 pixels wide.
        multitask_batch_size: Images over which the multi-task protocol adds up
            pixels. It is independent of the loader's batches.
        out_dir: Folder for the predictions as binary masks (``<raw_file>.png``, 0 and
            255, at the size that is scored). None writes nothing.
        collect_device: As of ``BaseMetric``.
        prefix: As of ``BaseMetric``.
        collect_dir: As of ``BaseMetric``.

    Raises:
        ValueError: If ``gt_width_px`` or ``multitask_batch_size`` is out of range.
    """

    default_prefix = "bdd100k"

    def __init__(
        self,
        gt_width_px: float = GT_WIDTH_PX,
        multitask_batch_size: int = MULTITASK_BATCH_SIZE,
        out_dir: Path | str | None = None,
        collect_device: str = "cpu",
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        if not 0 < gt_width_px <= MAX_WIDTH_PX:
            raise ValueError(
                f"gt_width_px must be positive and at most {MAX_WIDTH_PX:g}, got "
                f"{gt_width_px}."
            )
        if multitask_batch_size < 1:
            raise ValueError(
                f"multitask_batch_size must be at least 1, got {multitask_batch_size}."
            )
        self.gt_width_px = gt_width_px
        self.multitask_batch_size = multitask_batch_size
        self.out_dir = None if out_dir is None else Path(out_dir)

    def process(self, data_batch: Any, data_samples: Sequence[LaneSample]) -> None:
        """Keep one record per image, and write its mask.

        Args:
            data_batch: Not used.
            data_samples: Samples with predictions.

        Raises:
            FileNotFoundError: If the mask of a label is missing.
            ValueError: If a sample lacks something that the metric reads, or its mask
                is not one of its image.
        """
        for sample in data_samples:
            pred = _predicted_lanes(sample)
            gt = self._labelled_lanes(sample)
            self.results.append(
                _Record(
                    sad=count_pixels(pred, gt),
                    multitask=multitask_counts(pred, gt),
                )
            )
            if self.out_dir is not None:
                _write_mask(self.out_dir, sample, pred)

    def compute_metrics(self, results: Sequence[_Record]) -> dict[str, float]:
        """Return the numbers of both protocols over all images.

        Args:
            results: One record per image, in the order of the data set.

        Raises:
            ValueError: If there is no record.
        """
        sad = mean_pixel_score(record.sad for record in results)
        multitask = multitask_score(
            [record.multitask for record in results],
            self.multitask_batch_size,
        )
        return {
            "sad_accuracy": sad.accuracy,
            "sad_iou": sad.iou,
            "multitask_accuracy": multitask.accuracy,
            "multitask_iou": multitask.iou,
        }

    def _labelled_lanes(self, sample: LaneSample) -> NDArray[np.bool_]:
        ori_shape = sample.view.ori_shape
        shape = tuple(sample.get("label_shape", ori_shape))
        if "gt_mask_path" not in sample:
            if "gt_lanes" not in sample:
                raise ValueError(_lacking(sample, "gt_lanes or gt_mask_path"))
            gt_lanes = in_label_pixels(sample.gt_lanes, ori_shape, shape)
            return draw_lane_mask(gt_lanes, shape, self.gt_width_px)
        path = Path(sample.gt_mask_path)
        lanes = lanes_of_mask(read_mask(path))
        if lanes.shape != shape:
            raise ValueError(
                f"'{path}' must have the size of its image, (H, W) = {shape}, got "
                f"{lanes.shape}."
            )
        return lanes


def _predicted_lanes(sample: LaneSample) -> NDArray[np.bool_]:
    for name in ("pred_class_map", "view"):
        if name not in sample:
            raise ValueError(_lacking(sample, name))
    pred = class_map_to_original(sample.pred_class_map, sample.view)
    height, width = sample.get("label_shape", pred.shape)
    if pred.shape != (height, width):
        pred = cv2.resize(pred, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(pred > 0)


def _write_mask(folder: Path, sample: LaneSample, lanes: NDArray[np.bool_]) -> None:
    if "raw_file" not in sample:
        raise ValueError(_lacking(sample, "raw_file"))
    write_image(folder / f"{sample.raw_file}.png", lanes.astype(np.uint8) * 255)


def _lacking(sample: LaneSample, name: str) -> str:
    return (
        f"BDD100KMetric needs {name} in every sample, got {sorted(sample.keys())}. Use "
        "a head that segments, and let the dataset keep its fields through its "
        "pipeline."
    )

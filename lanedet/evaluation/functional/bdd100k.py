"""BDD100K's lanes as pixels: two protocols, as pure functions on arrays.

Published numbers follow one of these protocols or the benchmark's own boundary F-score
(:mod:`lanedet.evaluation.functional.bdd100k_boundary`). They have nothing in common
but the images, and numbers of different protocols must not be compared:

* SAD's (:func:`mean_pixel_score`): recall and IoU of the lane pixels of each image at
  1280x720, averaged over images. Source: ``Trainer:computeAccuracy`` in
  https://github.com/cardwing/Codes-for-Lane-Detection (ENet-BDD100K-Torch/train.lua),
  which its author confirms in the issues 269, 299 and 300.
* The multi-task papers' (:func:`multitask_counts`, :func:`multitask_score`), YOLOP's
  and its followers': recall and IoU of the lane pixels of each batch at 640x360, with
  a label that shrinking thickens. Source: https://github.com/hustvl/YOLOP
  (lib/core/evaluate.py, lib/core/function.py, lib/dataset/AutoDriveDataset.py at
  bff896e).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]

GT_WIDTH_PX = 2.0
"""Width of a labelled lane in a test mask, in pixels of the 1280x720 image."""

MAX_WIDTH_PX = 200.0
"""Widest lane that is drawn into a mask, in pixels."""

MULTITASK_SHAPE = (360, 640)
"""(H, W) at which the multi-task papers compare: half of BDD100K's image."""

MULTITASK_BATCH_SIZE = 24
"""Batch size of YOLOP's published test configuration."""


class PixelCounts(NamedTuple):
    """How the lane pixels of one image, or of several, agree."""

    tp: int
    """Pixels of a lane in both."""

    fp: int
    """Predicted pixels without a label."""

    fn: int
    """Labelled pixels without a prediction."""


class PixelScore(NamedTuple):
    """Agreement of lane pixels, averaged. The background is not counted."""

    accuracy: float
    """What the papers call accuracy: the recall of lane pixels, in [0, 1]."""

    iou: float
    """Intersection over union of the lane pixels, in [0, 1]."""


def count_pixels(pred: BoolArray, gt: BoolArray) -> PixelCounts:
    """Count how two masks agree.

    Args:
        pred: Predicted mask, (H, W).
        gt: Labelled mask, same shape.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> count_pixels(np.array([[True, True]]), np.array([[True, False]]))
        PixelCounts(tp=1, fp=1, fn=0)
    """
    if pred.shape != gt.shape or pred.ndim != 2:
        raise ValueError(
            f"Both masks must have one shape (H, W), got {pred.shape} predicted and "
            f"{gt.shape} labelled. Resize the prediction to the original image."
        )
    tp = int(np.count_nonzero(pred & gt))
    return PixelCounts(
        tp=tp,
        fp=int(np.count_nonzero(pred)) - tp,
        fn=int(np.count_nonzero(gt)) - tp,
    )


def pixel_score(counts: PixelCounts) -> PixelScore:
    """Return recall and IoU; 0 where there is nothing to divide by.

    An image without a labelled lane therefore scores 0 even if nothing was predicted
    either: the SAD authors count it so (issue 299), and the papers' numbers hold it.

    Example:
        >>> pixel_score(PixelCounts(tp=1, fp=2, fn=1))
        PixelScore(accuracy=0.5, iou=0.25)
    """
    tp, fp, fn = counts
    return PixelScore(
        accuracy=tp / (tp + fn) if tp + fn else 0.0,
        iou=tp / (tp + fp + fn) if tp + fp + fn else 0.0,
    )


def mean_pixel_score(counts: Iterable[PixelCounts]) -> PixelScore:
    """Score a data set by SAD's protocol: each image counts the same.

    Args:
        counts: One entry per image, at the size of the original image.

    Raises:
        ValueError: If there is no image.
    """
    table = np.array([pixel_score(each) for each in counts], dtype=np.float64)
    if len(table) == 0:
        raise ValueError("At least one image must be scored, got none.")
    return PixelScore(*table.mean(axis=0).tolist())


def multitask_counts(pred: BoolArray, gt: BoolArray) -> PixelCounts:
    """Count the agreement of one image as the multi-task papers do.

    The label shrinks to :data:`MULTITASK_SHAPE` by averaging areas, and every pixel in
    which more than 1 of 255 is left becomes lane: at half the size, any pixel that a
    label touches. The prediction is taken as it is at that size, which is what a
    network with inputs of 640 pixels gives; a larger one is sampled.

    Args:
        pred: Predicted mask, (H, W), of the original image's size.
        gt: Labelled mask, same shape.

    Raises:
        ValueError: If the shapes differ.
    """
    if pred.shape != gt.shape:
        raise ValueError(
            f"Both masks must have one shape (H, W), got {pred.shape} predicted and "
            f"{gt.shape} labelled."
        )
    size = (MULTITASK_SHAPE[1], MULTITASK_SHAPE[0])
    label = cv2.resize(gt.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
    sampled = cv2.resize(pred.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return count_pixels(sampled > 0, label > 1)


def multitask_score(
    counts: Sequence[PixelCounts], batch_size: int = MULTITASK_BATCH_SIZE
) -> PixelScore:
    """Score a data set by the multi-task papers' protocol.

    Pixels are added up within a batch, and the batches' scores averaged with the
    number of their images as weights. The number thus depends on the batch size and,
    slightly, on the order of the images.

    Args:
        counts: One entry per image from :func:`multitask_counts`, in the order of the
            data set.
        batch_size: Images per batch, the last one may have fewer.

    Raises:
        ValueError: If there is no image or ``batch_size`` is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
    if len(counts) == 0:
        raise ValueError("At least one image must be scored, got none.")
    table = np.array(counts, dtype=np.int64)
    accuracy = iou = 0.0
    for start in range(0, len(table), batch_size):
        batch = table[start : start + batch_size]
        score = pixel_score(PixelCounts(*batch.sum(axis=0).tolist()))
        accuracy += score.accuracy * len(batch)
        iou += score.iou * len(batch)
    return PixelScore(accuracy / len(table), iou / len(table))

"""BDD100K's scores of folders of masks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.evaluation.functional.bdd100k import (
    MULTITASK_BATCH_SIZE,
    PixelCounts,
    PixelScore,
    count_pixels,
    mean_pixel_score,
    multitask_counts,
    multitask_score,
)
from lanedet.evaluation.functional.bdd100k_boundary import (
    BOUNDARY_RADII,
    BoundaryScore,
    boundary_scores,
    summarise_boundary_scores,
)
from lanedet.evaluation.functional.image_size import checked_image_shape
from lanedet.files import is_hidden
from lanedet.formats import BDD100K_SHAPE, holds_lane_bytes, lanes_of_mask
from lanedet.formats.masks import read_mask
from lanedet.runtime import progress_bar


@dataclass(frozen=True)
class BDD100KScores:
    """What :func:`evaluate_bdd100k` found."""

    num_images: int
    sad: PixelScore
    """Scores by the protocol of the SAD paper."""

    multitask: PixelScore
    """Scores by the protocol of YOLOP and its followers."""

    boundary: BoundaryScore | None
    """The benchmark's own F-scores. None unless both folders hold lane bytes."""

    def as_dict(self) -> dict[str, float]:
        """Return the numbers by name: shares in [0, 1], boundary F-scores in %."""
        numbers: dict[str, float] = {
            "num_images": self.num_images,
            "sad_accuracy": self.sad.accuracy,
            "sad_iou": self.sad.iou,
            "multitask_accuracy": self.multitask.accuracy,
            "multitask_iou": self.multitask.iou,
        }
        if self.boundary is not None:
            named = self.boundary.by_attribute | {"average": self.boundary.average}
            for name, scores in named.items():
                for radius, score in zip(BOUNDARY_RADII, scores, strict=True):
                    numbers[f"boundary_f1_{radius}px_{name}"] = float(score)
        return numbers


def evaluate_bdd100k(
    pred_dir: Path,
    gt_dir: Path,
    names: Sequence[str] | None = None,
    batch_size: int = MULTITASK_BATCH_SIZE,
    shape: tuple[int, int] = BDD100K_SHAPE,
) -> BDD100KScores:
    """Score a folder of predicted masks by each protocol that the masks allow.

    Both folders hold one PNG per image, named ``<image>.png``, of one size. A mask is
    binary (0 and 255, as the SAD authors' and the multi-task papers' labels) or holds
    lane bytes (as in BDD100K's release of 2021); :func:`~lanedet.formats.lanes_of_mask`
    tells which. The pixel protocols count the driving lanes of either form. The
    boundary F-score needs lane bytes in both folders. Published numbers of the pixel
    protocols come from labels of centre lines, 2 pixels wide; lane bytes have both
    edges of each lane instead.

    Args:
        pred_dir: Folder of the predictions. Masks beyond the scored ones are ignored.
        gt_dir: Folder of the labels.
        names: Stems of the images to score, in the data set's order. None takes every
            label, sorted by name.
        batch_size: Of :func:`~lanedet.evaluation.functional.bdd100k.multitask_score`.
        shape: (H, W) that the masks must have. The widths and distances of all
            protocols are made for the benchmark's, and published numbers are of it.

    Raises:
        FileNotFoundError: If a folder or mask is missing. No prediction is made up:
            write an empty mask where nothing was found.
        ValueError: If a mask cannot be read, is no lane mask, or sizes differ.
    """
    shape = checked_image_shape(shape)
    for folder in (pred_dir, gt_dir):
        if not folder.is_dir():
            raise FileNotFoundError(f"No folder of masks at '{folder}'.")
    if names is None:
        masks = sorted(gt_dir.glob("*.png"))
        names = [path.stem for path in masks if not is_hidden(path.name)]
    if not names:
        raise FileNotFoundError(
            f"No masks (*.png) in '{gt_dir}'. Name the folder that holds them itself."
        )
    sad: list[PixelCounts] = []
    multitask: list[PixelCounts] = []
    boundary: FloatArray | None = np.zeros(())
    for name in progress_bar(names, desc="masks", unit="image"):
        pred_path, gt_path = pred_dir / f"{name}.png", gt_dir / f"{name}.png"
        pred_mask, gt_mask = read_mask(pred_path), read_mask(gt_path)
        if gt_mask.shape != shape:
            height, width = gt_mask.shape
            raise ValueError(
                f"'{gt_path}' must be {shape[1]} pixels wide and {shape[0]} high, got "
                f"{width} and {height}. If all masks have that size, say --shape "
                f"{height}x{width}; the numbers do not compare with published ones "
                "then, for the protocols' widths and distances are made for "
                f"{BDD100K_SHAPE[1]} and {BDD100K_SHAPE[0]}."
            )
        if pred_mask.shape != gt_mask.shape:
            raise ValueError(
                f"'{pred_path}': Both masks must have one shape (H, W), got "
                f"{pred_mask.shape} predicted and {gt_mask.shape} labelled. Resize the "
                "prediction to the original image."
            )
        pred, gt = lanes_of_mask(pred_mask), lanes_of_mask(gt_mask)
        sad.append(count_pixels(pred, gt))
        multitask.append(multitask_counts(pred, gt))
        if boundary is not None:
            has_bytes = holds_lane_bytes(pred_mask) and holds_lane_bytes(gt_mask)
            boundary = (
                boundary + boundary_scores(pred_mask, gt_mask) if has_bytes else None
            )
    return BDD100KScores(
        num_images=len(names),
        sad=mean_pixel_score(sad),
        multitask=multitask_score(multitask, batch_size),
        boundary=None
        if boundary is None
        else summarise_boundary_scores(boundary / len(names)),
    )

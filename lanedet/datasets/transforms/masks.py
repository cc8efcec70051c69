"""Labels that are masks of pixels, not polylines."""

from pathlib import Path

import cv2
import numpy as np

from lanedet.datasets.transforms.results import Results
from lanedet.formats import holds_lane_bytes, lanes_of_mask
from lanedet.formats.label_faults import LabelError
from lanedet.formats.masks import read_mask
from lanedet.ops.warp import resize_matrix, warp_image

_HALF = 128  # a pixel of which lanes cover half is one of theirs


class LoadLaneMask:
    """Make the mask of a sample its label, where it has one.

    It goes after :class:`~lanedet.datasets.RasterizeLaneMask`, whose ``gt_class_map``
    and ``gt_existence`` it replaces in samples with ``gt_mask_path``; others pass
    unchanged. The mask moves with the image as far as ``motion`` of
    :class:`~lanedet.datasets.ApplyView` moves it. Geometric changes in
    :class:`~lanedet.datasets.Augment` would leave it behind.

    Args:
        edge_width_px: Width to which the edges in a mask of lane bytes are drawn out,
            in pixels of the mask, odd. Binary masks stay as they are: in
            the releases, their training labels are 8 pixels wide.

    Raises:
        ValueError: If ``edge_width_px`` is not odd.
    """

    def __init__(self, edge_width_px: int = 7) -> None:
        if edge_width_px < 1 or edge_width_px % 2 == 0:
            raise ValueError(
                f"edge_width_px must be odd and positive, got {edge_width_px}."
            )
        side = (edge_width_px, edge_width_px)
        self.brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, side)

    def __call__(self, results: Results) -> Results:
        """Raise FileNotFoundError or LabelError if there is no mask to read."""
        sample = results["data_samples"]
        if "gt_mask_path" not in sample:
            return results
        path = Path(sample.gt_mask_path)
        mask = read_mask(path)
        mask_shape = tuple(sample.get("label_shape", sample.ori_shape))
        if mask.shape != mask_shape:
            raise LabelError(
                f"{path}: the mask must have the size of its image, (H, W) = "
                f"{mask_shape}, "
                f"or label_shape must say for which the labels were made, got "
                f"{mask.shape}."
            )
        lanes = lanes_of_mask(mask).astype(np.uint8) * 255
        if holds_lane_bytes(mask):
            lanes = cv2.dilate(lanes, self.brush)
        shape = results["inputs"].shape[:2]
        matrix = results["matrix"] @ resize_matrix(mask_shape, sample.ori_shape)
        class_map = warp_image(lanes, matrix, shape) >= _HALF
        sample.gt_class_map = class_map.astype(np.uint8)
        sample.gt_existence = np.array([class_map.any()], dtype=np.float32)
        return results

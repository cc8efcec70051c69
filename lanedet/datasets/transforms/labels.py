"""The lanes of a sample as what a head learns from."""

from collections.abc import Sequence

import numpy as np

from lanedet.datasets.transforms.results import Results
from lanedet.ops import (
    assign_slots,
    check_line_width,
    encode_lines,
    rasterize_lanes,
)


class RasterizeLanes:
    """Draw the lanes as labels: the sample's ``gt_class_map`` and ``gt_existence``.

    Slots are assigned after augmentation, by what the network sees.

    Args:
        num_lanes: Number of slots K.
        lane_width_px: Width of a drawn lane, in pixels of the network input.

    Raises:
        ValueError: If no line is so wide.
    """

    def __init__(self, num_lanes: int, lane_width_px: float) -> None:
        self.num_lanes = num_lanes
        self.lane_width_px = check_line_width("lane_width_px", lane_width_px)

    def __call__(self, results: Results) -> Results:
        """Add the labels to the sample."""
        slots = assign_slots(results["input_lanes"], self.num_lanes)
        return _add_labels(results, slots, self.num_lanes, self.lane_width_px)


class RasterizeLaneMask:
    """Draw all lanes as one class, for heads that do not tell lanes apart.

    Sets the sample's ``gt_class_map``, 1 on any lane, and ``gt_existence`` of shape
    (1,), 1 if a lane is in sight.

    Args:
        lane_width_px: Width of a drawn lane, in pixels of the network input.
        num_lanes: Number of classes of lanes that the model has: 1.

    Raises:
        ValueError: If the model has more classes, or no line is so wide.
    """

    def __init__(self, lane_width_px: float, num_lanes: int = 1) -> None:
        if num_lanes != 1:
            raise ValueError(
                "RasterizeLaneMask draws all lanes as one class, so num_lanes of the "
                f"model's head must be 1, got {num_lanes}. Use RasterizeLanes."
            )
        self.lane_width_px = check_line_width("lane_width_px", lane_width_px)

    def __call__(self, results: Results) -> Results:
        """Add the labels to the sample."""
        slots = [0] * len(results["input_lanes"])
        return _add_labels(results, slots, 1, self.lane_width_px)


class EncodeLines:
    """Put the lanes on rows, for line heads: the sample's ``gt_lines``, (G, R + 2).

    There are as many as can be seen after augmentation, perhaps none
    (:func:`lanedet.ops.encode_lines` says which).

    Args:
        num_rows: Number of rows R, the same as the head's.
    """

    def __init__(self, num_rows: int) -> None:
        self.num_rows = num_rows

    def __call__(self, results: Results) -> Results:
        """Add the lines to the sample."""
        shape = results["inputs"].shape[:2]
        lines = encode_lines(results["input_lanes"], shape, self.num_rows)
        results["data_samples"].gt_lines = lines
        return results


def _add_labels(
    results: Results, slots: Sequence[int | None], num_lanes: int, lane_width_px: float
) -> Results:
    """Draw the lanes into the sample; a slot exists if a pixel of it is in sight."""
    shape = results["inputs"].shape[:2]
    class_map = rasterize_lanes(results["input_lanes"], slots, shape, lane_width_px)
    existence = np.zeros(num_lanes, dtype=np.float32)
    for slot in {slot for slot in slots if slot is not None}:
        existence[slot] = (class_map == slot + 1).any()
    sample = results["data_samples"]
    sample.gt_class_map = class_map
    sample.gt_existence = existence
    return results

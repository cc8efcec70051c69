"""Labels of samples as tensors."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from lanedet.structures import LaneSample


def stack_class_maps(
    data_samples: Sequence[LaneSample], device: torch.device
) -> Tensor:
    """Return the labelled class of each pixel, (B, H, W) int64.

    Args:
        data_samples: At least one, with ``gt_class_map`` of one shape.
        device: Where the tensor goes.
    """
    class_maps = np.stack([sample.gt_class_map for sample in data_samples])
    return torch.from_numpy(class_maps).to(device).long()  # bytes travel faster


def stack_existence(data_samples: Sequence[LaneSample], device: torch.device) -> Tensor:
    """Return whether each slot holds a lane, (B, K) float32, 0 or 1.

    Args:
        data_samples: At least one, with ``gt_existence`` of one length.
        device: Where the tensor goes.
    """
    existence = np.stack([sample.gt_existence for sample in data_samples])
    return torch.from_numpy(existence).to(device)

"""Cross entropy that weighs the background down (SCNN, SAD).

SAD, https://arxiv.org/abs/1908.00821, L_seg in Eq. (2). The weight 0.4 of the
background is in the authors' training scripts (``-backWeight 0.4``,
https://github.com/cardwing/Codes-for-Lane-Detection).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.losses.batch_share import batch_share


class SegmentationLoss(nn.Module):
    """Weighted cross entropy over all pixels, divided by the sum of their weights.

    The mean over the processes of a run is the loss of the whole batch.

    Args:
        background_weight: Weight of background pixels; lane pixels weigh 1. In (0, 1].
        loss_weight: Factor of the whole term.
    """

    def __init__(
        self, background_weight: float = 0.4, loss_weight: float = 1.0
    ) -> None:
        super().__init__()
        if not 0 < background_weight <= 1:
            raise ValueError(
                f"background_weight must lie in (0, 1], got {background_weight}."
            )
        self.background_weight = background_weight
        self.loss_weight = loss_weight

    def forward(self, seg_logits: Tensor, class_map: Tensor) -> Tensor:
        """Return the weighted loss, a scalar.

        Args:
            seg_logits: (B, K + 1, H, W), background first.
            class_map: (B, H, W), int64 in [0, K].
        """
        class_weight = torch.ones(seg_logits.shape[1], device=seg_logits.device)
        class_weight[0] = self.background_weight
        loss = F.cross_entropy(seg_logits.float(), class_map, weight=class_weight)
        num_background = (class_map == 0).sum()
        sum_of_weights = (
            class_map.numel() - (1 - self.background_weight) * num_background
        )
        return self.loss_weight * batch_share(sum_of_weights) * loss

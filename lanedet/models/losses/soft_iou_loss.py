"""Soft intersection over union of lane classes.

SAD, https://arxiv.org/abs/1908.00821, L_IoU in Eq. (2). The paper gives
1 - N_p / (N_p + N_g - N_o) with N_p predicted, N_g annotated and N_o overlapping lane
pixels. As printed a perfect prediction does not minimise it; the numerator must be the
overlap N_o, and so it is here. The counts are soft, sums of probabilities.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.losses.batch_share import batch_share


class SoftIoULoss(nn.Module):
    """1 - IoU, averaged over the lane classes that are in the image.

    A class without a pixel in an image is left out: its IoU is 0 whatever the network
    says, which would only push every probability down.

    The mean over the processes of a run is the loss of the whole batch.

    Args:
        loss_weight: Factor of the term, alpha in Eq. (2).
    """

    def __init__(self, loss_weight: float = 0.1) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, seg_logits: Tensor, class_map: Tensor) -> Tensor:
        """Return the weighted loss, a scalar; 0 for a batch without a lane.

        Args:
            seg_logits: (B, K + 1, H, W), background first.
            class_map: (B, H, W), int64 in [0, K].
        """
        num_classes = seg_logits.shape[1]
        probs = seg_logits.float().softmax(dim=1)[:, 1:].flatten(2)  # (B, K, HW)
        one_hot = F.one_hot(class_map.flatten(1), num_classes)[..., 1:]
        target = one_hot.permute(0, 2, 1).to(probs.dtype)
        overlap = (probs * target).sum(dim=2)
        num_annotated = target.sum(dim=2)
        union = probs.sum(dim=2) + num_annotated - overlap
        present = num_annotated > 0
        iou = overlap / union.clamp_min(torch.finfo(union.dtype).eps)
        num_present = present.sum()
        loss = ((1 - iou) * present).sum() / num_present.clamp_min(1)
        return self.loss_weight * batch_share(num_present) * loss

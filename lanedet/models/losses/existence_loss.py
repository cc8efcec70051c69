"""Binary cross entropy of lane existence.

SAD, https://arxiv.org/abs/1908.00821, L_exist in Eq. (2), after SCNN,
https://arxiv.org/abs/1712.06080.
"""

from torch import Tensor, nn
from torch.nn import functional as F


class ExistenceLoss(nn.Module):
    """Binary cross entropy on logits, averaged over slots and batch.

    Args:
        loss_weight: Factor of the term, beta in Eq. (2).
    """

    def __init__(self, loss_weight: float = 0.1) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, existence_logits: Tensor, existence: Tensor) -> Tensor:
        """Return the weighted loss, a scalar.

        Args:
            existence_logits: (B, K), before the sigmoid.
            existence: (B, K), float, 1 where the slot holds a lane, else 0.
        """
        loss = F.binary_cross_entropy_with_logits(existence_logits.float(), existence)
        return self.loss_weight * loss

"""What the SAD authors' released training code optimises in place of Eq. (1).

https://github.com/cardwing/Codes-for-Lane-Detection, ENet-Label-Torch/models/init.lua
and train.lua (commit e9549be and before). It is here for the record, so that its loss
and gradient can be put beside the paper's; docs/sad.md does. It is not SAD: no stage
mimics another.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lanedet.models.backbones import StageFeatures
from lanedet.models.distillation.attention import attention_energy
from lanedet.models.distillation.distiller import Distiller
from lanedet.models.labels import stack_class_maps
from lanedet.structures import LaneSample


class LabelRegression(Distiller):
    """Regress "attention" at two places of the network to the label map.

    As released: the energies G_sum^2 of a tap are enlarged to the input's size; the
    softmax meant to be spatial runs over the *batch*, since the module takes the first
    of three dimensions for channels; and the target is the map of class numbers, 1 for
    background and 2 and up for lanes, with a mean squared error.

    Args:
        taps: For each term the stages whose energies are added up: those of a
            concatenation of stages. The second tap of the released code lies where
            ENet's decoder begins, which reads E3 and E4.
        weight: Weight of each term. 0.1 until the authors set it to 0.
        start: Share of training, in [0, 1), after which the terms are added.

    Raises:
        ValueError: If an argument is outside its range, or a tap has no stage.
    """

    def __init__(
        self,
        *,
        taps: Sequence[Sequence[str]] = (("E2",), ("E3", "E4")),
        weight: float = 0.1,
        start: float = 2 / 3,
    ) -> None:
        super().__init__(weight=weight, start=start)
        if not taps or not all(taps) or any(isinstance(tap, str) for tap in taps):
            raise ValueError(
                "taps must be lists of stage names, each of at least one, "
                f"got {taps!r}."
            )
        self.taps = [tuple(tap) for tap in taps]

    @property
    def stages(self) -> list[str]:
        """Names of the stages that the taps read."""
        return list(dict.fromkeys(stage for tap in self.taps for stage in tap))

    def forward(
        self,
        features: StageFeatures,
        data_samples: Sequence[LaneSample] = (),
        outputs: Any = None,  # noqa: ARG002
    ) -> dict[str, Tensor]:
        """Return ``loss_label_regression``, weighted; nothing while the weight is 0.

        Args:
            features: Stage features of the backbone by name.
            data_samples: With ``gt_class_map``, (H, W).
            outputs: Not used.
        """
        self.check_stages(list(features))
        weight = self.current_weight()
        if weight == 0:
            return {}
        device = features[self.stages[0]].device
        target = stack_class_maps(data_samples, device).float() + 1
        height, width = target.shape[1:]
        terms = []
        for tap in self.taps:
            energy = sum(
                (attention_energy(features[stage]) for stage in tap),
                start=torch.zeros((), device=target.device),
            )
            enlarged = F.interpolate(
                energy[:, None], (height, width), mode="bilinear", align_corners=True
            )[:, 0]
            terms.append(F.mse_loss(enlarged.softmax(dim=0), target))
        return {"loss_label_regression": weight * torch.stack(terms).sum()}

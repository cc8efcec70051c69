"""Deep supervision: the labels for every stage, SAD's comparison.

SAD, https://arxiv.org/abs/1908.00821, section 4: a 1x1 convolution on each stage is
trained on the labels, where SAD lets the stage mimic the next one's attention. The idea
is that of Lee et al., "Deeply-Supervised Nets", https://arxiv.org/abs/1409.5185.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.backbones import StageFeatures
from lanedet.models.distillation.distiller import Distiller
from lanedet.models.labels import stack_class_maps
from lanedet.models.losses import SegmentationLoss
from lanedet.structures import LaneSample


class DeepSupervision(Distiller):
    """Train stages on the labels through 1x1 convolutions that inference never sees.

    Each stage's class logits are enlarged to the labels' size, bilinear, and scored by
    the cross entropy of the segmentation.

    Args:
        stages: Names of the stages to supervise.
        weight: Weight of the sum over stages, positive. The paper gives none; 0.1 is
            that of its other additional terms.
        background_weight: Weight of background pixels; lane pixels weigh 1.
        start: Share of training, in [0, 1), after which the loss is added.
        ramp: Share of training over which the weight grows to its full value.

    Raises:
        ValueError: If an argument is outside its range or there is no stage.
    """

    has_parameters = True

    def __init__(
        self,
        *,
        stages: Sequence[str],
        weight: float = 0.1,
        background_weight: float = 0.4,
        start: float = 0.0,
        ramp: float = 0.0,
    ) -> None:
        super().__init__(weight=weight, start=start, ramp=ramp)
        if not stages or isinstance(stages, str):
            raise ValueError(f"stages must name at least one stage, got {stages!r}.")
        self._stages = list(stages)
        # A list: names of stages may hold what names of modules must not, dots.
        self.classifiers = nn.ModuleList()
        self.seg_loss = SegmentationLoss(background_weight)

    @property
    def stages(self) -> list[str]:
        """Names of the supervised stages."""
        return self._stages

    def attach(
        self,
        stage_channels: Mapping[str, int],
        num_lanes: int,
        input_shape: tuple[int, int],
    ) -> None:
        """Make a classifier for each stage, with new weights."""
        super().attach(stage_channels, num_lanes, input_shape)
        self.classifiers = nn.ModuleList(
            nn.Conv2d(stage_channels[stage], num_lanes + 1, 1) for stage in self.stages
        )

    def forward(
        self,
        features: StageFeatures,
        data_samples: Sequence[LaneSample] = (),
        outputs: Any = None,  # noqa: ARG002
    ) -> dict[str, Tensor]:
        """Return ``loss_deep_supervision``, weighted; nothing while the weight is 0.

        Args:
            features: Stage features of the backbone by name.
            data_samples: With ``gt_class_map``.
            outputs: Not used.

        Raises:
            ValueError: If it is not attached to a network.
        """
        weight = self.current_weight()
        if weight == 0:
            return {}
        if not self.classifiers:
            raise ValueError(
                "Deep supervision must be attached to a network: call attach first, as "
                "a LaneDetector does."
            )
        device = next(self.classifiers.parameters()).device
        class_map = stack_class_maps(data_samples, device)
        size = (class_map.shape[1], class_map.shape[2])
        terms = []
        for stage, classifier in zip(self.stages, self.classifiers, strict=True):
            logits = classifier(features[stage])
            enlarged = F.interpolate(
                logits.float(), size, mode="bilinear", align_corners=False
            )
            terms.append(self.seg_loss(enlarged, class_map))
        return {"loss_deep_supervision": weight * torch.stack(terms).sum()}

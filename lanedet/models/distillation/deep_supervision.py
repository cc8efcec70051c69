"""Deep supervision: the labels for every stage, SAD's comparison.

SAD, https://arxiv.org/abs/1908.00821, section 4: a 1x1 convolution on each stage is
trained on the labels, where SAD lets the stage mimic the next one's attention. The idea
is that of Lee et al., "Deeply-Supervised Nets", https://arxiv.org/abs/1409.5185.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.backbones import StageFeatures, take_stage
from lanedet.models.distillation.distiller import Distiller
from lanedet.models.losses import SegmentationLoss
from lanedet.structures import LaneSample


class DeepSupervision(Distiller):
    """Train stages on the labels through 1x1 convolutions that inference never sees.

    Each stage's class logits are enlarged to the labels' size, bilinear, and scored by
    the cross entropy of the segmentation.

    Args:
        stages: Channels of the stages to supervise, by name.
        num_lanes: Number of slots K.
        weight: Weight of the sum over stages, positive. The paper gives none; 0.1 is
            that of its other additional terms.
        background_weight: Weight of background pixels; lane pixels weigh 1.
        start: Share of training, in [0, 1), after which the loss is added.
        ramp: Share of training over which the weight grows to its full value.

    Raises:
        ValueError: If an argument is outside its range or there is no stage.
    """

    def __init__(
        self,
        *,
        stages: Mapping[str, int],
        num_lanes: int,
        weight: float = 0.1,
        background_weight: float = 0.4,
        start: float = 0.0,
        ramp: float = 0.0,
    ) -> None:
        super().__init__(weight=weight, start=start, ramp=ramp)
        if not stages:
            raise ValueError("stages must give the channels of at least one stage.")
        self._stage_channels = dict(stages)
        self.num_lanes = num_lanes
        # A list: names of stages may hold what names of modules must not, dots.
        self.classifiers = nn.ModuleList(
            nn.Conv2d(channels, num_lanes + 1, 1) for channels in stages.values()
        )
        self.seg_loss = SegmentationLoss(background_weight)

    @property
    def stages(self) -> list[str]:
        """Names of the supervised stages."""
        return list(self._stage_channels)

    @property
    def stage_channels(self) -> dict[str, int]:
        """Channels of the supervised stages, by name."""
        return self._stage_channels

    def forward(
        self, features: StageFeatures, data_samples: Sequence[LaneSample] = ()
    ) -> dict[str, Tensor]:
        """Return ``loss_deep_supervision``, weighted; nothing while the weight is 0.

        Args:
            features: Stage features of the backbone by name.
            data_samples: With ``gt_class_map`` and ``gt_existence``.

        Raises:
            ValueError: If a stage is not there, or the labels have another number of
                slots.
        """
        weight = self.current_weight()
        if weight == 0:
            return {}
        num_labelled = {len(sample.gt_existence) for sample in data_samples}
        if num_labelled != {self.num_lanes}:
            raise ValueError(
                f"Deep supervision has num_lanes={self.num_lanes}, but the labels were "
                f"made for {sorted(num_labelled)}. Use one number in the model and in "
                "the data pipeline."
            )
        class_map = torch.stack([sample.gt_class_map for sample in data_samples]).long()
        size = (class_map.shape[1], class_map.shape[2])
        terms = []
        for stage, classifier in zip(self.stages, self.classifiers, strict=True):
            logits = classifier(take_stage(features, stage, "Deep supervision"))
            enlarged = F.interpolate(
                logits.float(), size, mode="bilinear", align_corners=False
            )
            terms.append(self.seg_loss(enlarged, class_map))
        return {"loss_deep_supervision": weight * torch.stack(terms).sum()}

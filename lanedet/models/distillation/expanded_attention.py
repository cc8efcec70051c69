"""Expanded self-attention (ESA): on which rows or columns to believe the labels.

Lee et al., "Robust Lane Detection via Expanded Self Attention", WACV 2022,
https://arxiv.org/abs/2102.07037. Of the paper's text only the abstract could be read;
structure and loss are those of the authors' code
(https://github.com/Hydragon516/ESA-official, models/mymodel.py and train_mymodel.py at
ff05a15), which was read for facts. Beside SAD and deep supervision it is the third way
that costs nothing when a network predicts.

A branch sees the stages of the encoder and says for each lane and each row of the
image, or each column, how sure it is of the lane there. That is expanded to a map, in
which a confidence holds for the whole row, and weighs prediction and label alike. To
doubt everything would be free, so the share of the labels that is believed is held at
a constant: the branch must choose where to doubt, such as where lanes are hidden.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.backbones import StageFeatures
from lanedet.models.distillation.distiller import Distiller
from lanedet.models.heads import SegmentationOutputs
from lanedet.models.labels import stack_class_maps
from lanedet.structures import LaneSample

Direction = Literal["rows", "columns"]

_CHANNELS = (128, 32)  # behind the first two convolutions
_HIDDEN = 2028  # as released
_CELL = 16  # pixels of the network input to a cell that the branch's last part sees


class ExpandedSelfAttention(Distiller):
    """Weigh labels by a confidence for each lane and row, or column, that is learned.

    In the released code the last stages have stride 8 and so has the branch. Here the
    stages are resized to the coarsest of them, and what is pooled lies in cells of
    16 x 16 pixels: the same for such stages, and right for others.

    Args:
        stages: Names of the stages that the branch reads. The code reads the last four
            of the encoder.
        along: ``"rows"``: one confidence for each row of the image, as released; or for
            each of its ``"columns"``. The abstract has both: use two distillers.
        weight: Weight of the loss, positive. 50 as released.
        kept_share: Share of the labels that the branch is to believe, in (0, 1]. 0.8 as
            released.
        start: Share of training, in [0, 1), after which the loss is added.
        ramp: Share of training over which the weight grows to its full value.

    Raises:
        ValueError: If an argument is outside its range or there is no stage.
    """

    has_parameters = True
    reads_outputs = True

    def __init__(
        self,
        *,
        stages: Sequence[str],
        along: Direction = "rows",
        weight: float = 50.0,
        kept_share: float = 0.8,
        start: float = 0.0,
        ramp: float = 0.0,
    ) -> None:
        super().__init__(weight=weight, start=start, ramp=ramp)
        if not stages or isinstance(stages, str):
            raise ValueError(f"stages must name at least one stage, got {stages!r}.")
        if along not in get_args(Direction):
            raise ValueError(
                f"along must be one of {list(get_args(Direction))}, got {along!r}."
            )
        if not 0 < kept_share <= 1:
            raise ValueError(f"kept_share must lie in (0, 1], got {kept_share}.")
        self._stages = list(stages)
        self.along = along
        self.kept_share = kept_share
        self.branch: ConfidenceBranch | None = None

    @property
    def stages(self) -> list[str]:
        """Names of the stages that the branch reads."""
        return self._stages

    def attach(
        self,
        stage_channels: Mapping[str, int],
        num_lanes: int,
        input_shape: tuple[int, int],
    ) -> None:
        """Make the branch, with new weights.

        Raises:
            ValueError: If a stage is read that the backbone does not have, or the
                network input is smaller than a cell.
        """
        super().attach(stage_channels, num_lanes, input_shape)
        self.branch = ConfidenceBranch(
            sum(stage_channels[stage] for stage in self.stages),
            num_lanes,
            input_shape,
            input_shape[0 if self.along == "rows" else 1],
        )

    def forward(
        self,
        features: StageFeatures,
        data_samples: Sequence[LaneSample] = (),
        outputs: Any = None,
    ) -> dict[str, Tensor]:
        """Return the weighted loss; nothing while the weight is 0.

        It is ``loss_esa_rows`` or ``loss_esa_columns``.

        Args:
            features: Stage features of the backbone by name.
            data_samples: With ``gt_class_map``, (H, W).
            outputs: :class:`~lanedet.models.heads.SegmentationOutputs` of the head.

        Raises:
            ValueError: If it is not attached to a network, or the head's outputs are no
                class maps.
        """
        weight = self.current_weight()
        if weight == 0:
            return {}
        if self.branch is None:
            raise ValueError(
                "Expanded self-attention must be attached to a network: call attach "
                "first, as a LaneDetector does."
            )
        if not isinstance(outputs, SegmentationOutputs):
            raise ValueError(
                "Expanded self-attention weighs the class maps of a "
                f"LaneSegmentationHead, got {type(outputs).__name__}. Use such a head, "
                "or another distiller."
            )
        confidence = self.branch([features[stage] for stage in self.stages])
        logits = outputs.seg_logits.float()
        class_map = stack_class_maps(data_samples, logits.device)
        one_hot = F.one_hot(class_map, logits.shape[1]).movedim(3, 1)
        loss = expanded_loss(
            logits.softmax(dim=1)[:, 1:],
            one_hot[:, 1:].to(logits.dtype),
            confidence[..., None] if self.along == "rows" else confidence[:, :, None],
            self.kept_share,
        )
        return {f"loss_esa_{self.along}": weight * loss}


class ConfidenceBranch(nn.Module):
    """Say of each lane at each place along one side of the image how sure it is there.

    Args:
        in_channels: Channels of all stages together.
        num_lanes: Number of slots K.
        input_shape: (H, W) of the network input.
        num_places: H, for rows, or W.

    Raises:
        ValueError: If the network input is smaller than a cell of 16 x 16 pixels.
    """

    def __init__(
        self,
        in_channels: int,
        num_lanes: int,
        input_shape: tuple[int, int],
        num_places: int,
    ) -> None:
        super().__init__()
        if min(input_shape) < _CELL:
            raise ValueError(
                f"Expanded self-attention needs an input of at least {_CELL}x{_CELL} "
                f"pixels, got {input_shape[0]}x{input_shape[1]}."
            )
        self.num_lanes = num_lanes
        self.cells = (input_shape[0] // _CELL, input_shape[1] // _CELL)
        first, second = _CHANNELS
        self.reduce = nn.Sequential(
            nn.Conv2d(in_channels, first, 1),
            nn.Conv2d(first, second, 3, padding=4, dilation=4, bias=False),
            nn.BatchNorm2d(second),
            nn.ReLU(),
            nn.Dropout2d(0.1),
            nn.Conv2d(second, num_lanes + 1, 1),
        )
        self.classify = nn.Sequential(
            nn.Linear((num_lanes + 1) * self.cells[0] * self.cells[1], _HIDDEN),
            nn.ReLU(),
            nn.Linear(_HIDDEN, num_lanes * num_places),
        )

    def forward(self, stages: Sequence[Tensor]) -> Tensor:
        """Return confidences in (0, 1), float32, (B, K, places).

        Args:
            stages: Each (B, C, h, w).
        """
        size = min((stage.shape[-2:] for stage in stages), key=lambda each: each[0])
        resized = [
            F.interpolate(stage, size, mode="bilinear", align_corners=False)
            for stage in stages
        ]
        maps = self.reduce(torch.cat(resized, dim=1)).softmax(dim=1)
        pooled = F.adaptive_max_pool2d(maps, self.cells)
        logits: Tensor = self.classify(pooled.flatten(1)).float()
        return logits.sigmoid().unflatten(1, (self.num_lanes, -1))


def expanded_loss(
    probs: Tensor, labels: Tensor, confidence: Tensor, kept_share: float
) -> Tensor:
    """Return mean((P M - G M)^2) + abs(mean(G M) - s mean(G)), over all there is.

    Args:
        probs: P, of each lane at each pixel, (B, K, H, W) in [0, 1].
        labels: G, 1 where the lane is, else 0, likewise.
        confidence: M, broadcast to the same shape: (B, K, H, 1) for rows.
        kept_share: s.
    """
    believed = labels * confidence
    doubt = (believed.mean() - kept_share * labels.mean()).abs()
    return F.mse_loss(probs * confidence, believed) + doubt

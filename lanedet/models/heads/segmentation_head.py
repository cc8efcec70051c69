"""Lanes as classes of pixels, with a branch that says which lanes exist.

The head of SCNN (https://arxiv.org/abs/1712.06080) as SAD uses it
(https://arxiv.org/abs/1908.00821, Fig. 3: the existence branch is P1).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.backbones import StageFeatures
from lanedet.models.heads.base_head import LaneHead
from lanedet.models.losses import ExistenceLoss, SegmentationLoss, SoftIoULoss
from lanedet.ops import LaneDecoder
from lanedet.structures import LaneSample


class SegmentationOutputs(NamedTuple):
    """Raw outputs of :class:`LaneSegmentationHead`."""

    seg_logits: Tensor
    """(B, K + 1, H, W) at the size of the network input, background first."""

    existence_logits: Tensor
    """(B, K)."""


class LaneSegmentationHead(LaneHead):
    """Classify every pixel as background or as one of K lane slots.

    Args:
        num_lanes: Number of slots K, see :mod:`lanedet.ops.lane_slots`.
        in_channels: Channels of the feature ``seg_stage``, which has half the height
            and width of the network input. A transposed convolution doubles them.
        seg_stage: Name of the stage that is segmented.
        existence_branch: Config of an :class:`ExistenceBranch`, ``num_lanes`` left out.
        existence_stage: Name of the stage that the existence branch reads.
        decoder: Config of the :class:`~lanedet.ops.LaneDecoder`.
        losses: Configs of the losses by role, to replace the defaults of ``seg``,
            ``iou`` and ``existence``, which are the paper's.
    """

    def __init__(
        self,
        *,
        num_lanes: int,
        in_channels: int,
        seg_stage: str,
        existence_branch: dict[str, Any],
        existence_stage: str,
        decoder: dict[str, Any] | None = None,
        losses: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        super().__init__()
        self.num_lanes = num_lanes
        self.seg_stage = seg_stage
        self.existence_stage = existence_stage
        self.classifier = nn.ConvTranspose2d(
            in_channels, num_lanes + 1, 3, stride=2, padding=1, output_padding=1
        )
        self.existence = MODELS.build({**existence_branch, "num_lanes": num_lanes})
        self.decode = MODELS.build(decoder or {"type": LaneDecoder})
        defaults = {
            "seg": {"type": SegmentationLoss},
            "iou": {"type": SoftIoULoss},
            "existence": {"type": ExistenceLoss},
        }
        chosen = defaults | (losses or {})
        if chosen.keys() != defaults.keys():
            raise ValueError(
                f"losses must be some of {sorted(defaults)}, "
                f"got {sorted(losses or {})}."
            )
        self.seg_loss = MODELS.build(chosen["seg"])
        self.iou_loss = MODELS.build(chosen["iou"])
        self.existence_loss = MODELS.build(chosen["existence"])

    def forward(self, features: StageFeatures) -> SegmentationOutputs:
        """Return logits of pixels and of existence."""
        return SegmentationOutputs(
            self.classifier(features[self.seg_stage]),
            self.existence(features[self.existence_stage]),
        )

    def loss(
        self, features: StageFeatures, data_samples: Sequence[LaneSample]
    ) -> dict[str, Tensor]:
        """Return ``loss_seg``, ``loss_iou`` and ``loss_existence``.

        Args:
            features: Stage features of the backbone.
            data_samples: With ``gt_class_map`` and ``gt_existence``.

        Raises:
            ValueError: If the labels have another number of slots than the head.
        """
        outputs = self(features)
        existence = torch.stack([sample.gt_existence for sample in data_samples])
        if existence.shape[1] != self.num_lanes:
            raise ValueError(
                f"The head has num_lanes={self.num_lanes}, but the labels were made "
                f"for {existence.shape[1]}. Use one number in the model and in the "
                "data pipeline."
            )
        class_map = torch.stack([sample.gt_class_map for sample in data_samples]).long()
        return {
            "loss_seg": self.seg_loss(outputs.seg_logits, class_map),
            "loss_iou": self.iou_loss(outputs.seg_logits, class_map),
            "loss_existence": self.existence_loss(outputs.existence_logits, existence),
        }

    @torch.no_grad()
    def predict(
        self, features: StageFeatures, data_samples: Sequence[LaneSample]
    ) -> list[LaneSample]:
        """Return the samples with their predicted lanes, leftmost slot first.

        Args:
            features: Stage features of the backbone.
            data_samples: With the meta information ``view``.
        """
        outputs = self(features)
        lane_probs = outputs.seg_logits.float().softmax(dim=1)[:, 1:].cpu().numpy()
        existence = outputs.existence_logits.float().sigmoid().cpu().numpy()
        for sample, probs, exists in zip(
            data_samples, lane_probs, existence, strict=True
        ):
            lanes = self.decode(probs, exists, sample.view)
            sample.pred_lanes = [lane.points for lane in lanes]
            sample.pred_scores = [lane.score for lane in lanes]
            sample.pred_slots = [lane.slot for lane in lanes]
        return list(data_samples)


class ExistenceBranch(nn.Module):
    """Predict which lane slots hold a lane (P1 in SAD's Fig. 3).

    The layers are those of the SAD authors' ``Lane_exist`` in
    https://github.com/cardwing/Codes-for-Lane-Detection (ERFNet-CULane-PyTorch), with
    SCNN's average pooling, and logits instead of a sigmoid that the loss repeats.

    Args:
        in_channels: Channels of the input feature.
        input_shape: (H, W) of the network input, multiples of 16.
        num_lanes: Number of slots K.
        stride: Ratio of the network input's size to the feature's.
        dropout: Probability of dropping a channel.

    Raises:
        ValueError: If ``input_shape`` is not a multiple of twice the stride.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        input_shape: tuple[int, int],
        num_lanes: int,
        stride: int = 8,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        height, width = input_shape
        if height % (2 * stride) or width % (2 * stride):
            raise ValueError(
                f"input_shape must be a multiple of {2 * stride} for the existence "
                f"branch, got {tuple(input_shape)}."
            )
        pooled_pixels = (height // (2 * stride)) * (width // (2 * stride))
        self.reduce = nn.Sequential(
            nn.Conv2d(in_channels, 32, 3, padding=4, dilation=4, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Dropout2d(dropout),
            nn.Conv2d(32, 5, 1),
        )
        self.classify = nn.Sequential(
            nn.Linear(5 * pooled_pixels, 128),
            nn.ReLU(),
            nn.Linear(128, num_lanes),
        )

    def forward(self, feature: Tensor) -> Tensor:
        """Map (B, C, h, w) to existence logits (B, K)."""
        maps = F.avg_pool2d(self.reduce(feature).softmax(dim=1), 2)
        return cast(Tensor, self.classify(maps.flatten(1)))

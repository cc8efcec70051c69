"""Lanes as classes of pixels, with a branch that says which lanes exist.

The head of SCNN (https://arxiv.org/abs/1712.06080) as SAD uses it
(https://arxiv.org/abs/1908.00821, Fig. 3: the existence branch is P1).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.backbones import StageFeatures, channels_of
from lanedet.models.heads.base_head import LaneHead
from lanedet.models.heads.existence import ExistencePredictor
from lanedet.models.heads.readers import MapReader, Reader, RowReader
from lanedet.models.labels import stack_class_maps, stack_existence
from lanedet.models.losses import ExistenceLoss, SegmentationLoss, SoftIoULoss
from lanedet.ops import MAX_INPUT_SIDE, MAX_LANES, LaneDecoder, add_lanes, check_count
from lanedet.structures import LaneSample

_MAX_LOGITS = 2**27  # of an image: 0.5 GB; 15 lanes fit at 2160x3840


class SegmentationOutputs(NamedTuple):
    """Raw outputs of :class:`LaneSegmentationHead`."""

    seg_logits: Tensor
    """(B, K + 1, H, W) at the size of the network input, background first."""

    existence_logits: Tensor | None
    """(B, K), or None where the head has no existence branch."""


class LaneSegmentationHead(LaneHead):
    """Classify every pixel as background or as one of K lane slots.

    Args:
        num_lanes: Number of slots K, see :mod:`lanedet.ops.lane_slots`.
        seg_stage: Name of the stage that is segmented.
        classifier: Config of a module that maps this stage to class logits, such as
            :class:`~lanedet.models.heads.TransposedConvClassifier` or
            :class:`~lanedet.models.heads.ConvClassifier`. The head knows its
            ``in_channels`` and ``num_classes``.
        existence_branch: Config of an :class:`~lanedet.models.heads.ExistenceBranch`
            or :class:`~lanedet.models.heads.LogitsExistenceBranch`. The head knows its
            ``in_channels``, ``input_shape`` and ``num_lanes``. None for a head without:
            then every slot counts as existing, and there is no loss of existence.
        input_shape: (H, W) of the network input.
        stage_channels: Channels of the backbone's stages by name.
        upsampling: Ratio of the network input's size to the classifier's output, which
            is enlarged by it, bilinear with aligned corners as in SCNN's code.
        decoder: Config of the :class:`~lanedet.ops.LaneDecoder`, the default, or of the
            :class:`~lanedet.ops.ComponentLaneDecoder` for a single class of lanes.
        losses: Configs of the losses by role, to replace the defaults of ``seg``,
            ``iou`` and ``existence``, which are the paper's. None for ``iou``: without
            it.

    Raises:
        ValueError: If ``num_lanes`` is not in [1, 255], ``upsampling`` is below 1,
            ``losses`` has an unknown role or None for another than ``iou``, a stage is
            read that is not there, or the logits of an image would be more than 2**27
            numbers.
    """

    def __init__(  # noqa: PLR0913 - two of them are the detector's
        self,
        *,
        num_lanes: int,
        seg_stage: str,
        classifier: dict[str, Any],
        existence_branch: dict[str, Any] | None,
        input_shape: tuple[int, int],
        stage_channels: Mapping[str, int],
        upsampling: int = 1,
        decoder: dict[str, Any] | None = None,
        losses: dict[str, dict[str, Any] | None] | None = None,
    ) -> None:
        super().__init__()
        if num_lanes < 1 or upsampling < 1:
            raise ValueError(
                "num_lanes and upsampling must be at least 1, "
                f"got {num_lanes} and {upsampling}."
            )
        check_count("num_lanes", num_lanes, MAX_LANES)
        check_count("upsampling", upsampling, MAX_INPUT_SIDE)
        self.input_shape = (input_shape[0], input_shape[1])
        self.num_lanes = num_lanes
        self.seg_stage = seg_stage
        self.upsampling = upsampling
        self._check_logits(input_shape)
        self.classifier = MODELS.build(
            {
                **classifier,
                "in_channels": channels_of(stage_channels, seg_stage, "The head"),
                "num_classes": num_lanes + 1,
            }
        )
        self.existence: ExistencePredictor | None = None
        if existence_branch is not None:
            known = {"input_shape": input_shape, "num_lanes": num_lanes}
            if "stage" in existence_branch:
                known["in_channels"] = channels_of(
                    stage_channels, existence_branch["stage"], "The existence branch"
                )
            self.existence = MODELS.build({**existence_branch, **known})
        self.decode = MODELS.build(decoder or {"type": LaneDecoder})
        self.num_slots = self.decode.max_lanes or num_lanes
        built: dict[str, Any] = {
            role: loss if loss is None else MODELS.build(loss)
            for role, loss in _chosen_losses(
                losses or {}, has_existence=self.existence is not None
            ).items()
        }
        self.seg_loss: nn.Module = built["seg"]
        self.iou_loss: nn.Module | None = built["iou"]
        self.existence_loss: nn.Module | None = built.get("existence")

    def _check_logits(self, shape: Sequence[int]) -> None:
        """Raise ValueError if logits (K + 1, H, W) take too much memory."""
        if (self.num_lanes + 1) * math.prod(shape) > _MAX_LOGITS:
            raise ValueError(
                f"The logits of num_lanes={self.num_lanes} and the background would be "
                f"maps of {tuple(shape)}, enlarged {self.upsampling} times: more than "
                f"{_MAX_LOGITS} numbers. Choose the upsampling so that the maps have "
                "the size of the network input, a smaller input or fewer lanes."
            )

    def forward(self, features: StageFeatures) -> SegmentationOutputs:
        """Return logits of pixels and of existence.

        Raises:
            ValueError: If the output would be more than 2**27 numbers.
        """
        class_logits = self.classifier(features[self.seg_stage])
        existence_logits = None
        if self.existence is not None:
            existence_logits = self.existence(features, class_logits)
        if self.upsampling > 1:
            height, width = class_logits.shape[2:]
            self._check_logits((height * self.upsampling, width * self.upsampling))
            # In half precision the enlarged logits would lie on a coarse grid.
            class_logits = F.interpolate(
                class_logits.float(),
                scale_factor=self.upsampling,
                mode="bilinear",
                align_corners=True,
            )
        return SegmentationOutputs(class_logits, existence_logits)

    def loss(
        self, features: StageFeatures, data_samples: Sequence[LaneSample]
    ) -> dict[str, Tensor]:
        """Return ``loss_seg`` and, where there are such losses, the others.

        They are ``loss_iou`` and ``loss_existence``.

        Args:
            features: Stage features of the backbone.
            data_samples: With ``gt_class_map`` and ``gt_existence``.

        Raises:
            ValueError: If the head's output has another size than the labels.
        """
        outputs = self(features)
        device = outputs.seg_logits.device
        class_map = stack_class_maps(data_samples, device)
        if outputs.seg_logits.shape[2:] != class_map.shape[1:]:
            raise ValueError(
                f"The head's output has (H, W) = {tuple(outputs.seg_logits.shape[2:])} "
                f"and the network input {tuple(class_map.shape[1:])}. Choose the "
                f"head's upsampling (now {self.upsampling}) so that they are the same."
            )
        losses = {"loss_seg": self.seg_loss(outputs.seg_logits, class_map)}
        if self.iou_loss is not None:
            losses["loss_iou"] = self.iou_loss(outputs.seg_logits, class_map)
        if self.existence_loss is not None:
            existence = stack_existence(data_samples, device)
            losses["loss_existence"] = self.existence_loss(
                outputs.existence_logits, existence
            )
        return losses

    def reader(self, *, raw: bool = False) -> Reader:
        """Return what reads rows, or maps if they are wanted or the decoder needs them.

        Args:
            raw: Whether maps are wanted.
        """
        if raw or "rows" not in self.decode.reads:
            return MapReader()
        return RowReader(self.decode, self.input_shape)

    @torch.no_grad()
    def predict(
        self, features: StageFeatures, data_samples: Sequence[LaneSample]
    ) -> list[LaneSample]:
        """Return the samples with their predicted lanes, leftmost slot first.

        Args:
            features: Stage features of the backbone.
            data_samples: With the meta information ``view``.
        """
        outputs = _with_last_channels(self(features))
        class_maps = outputs.seg_logits.argmax(dim=1).to(torch.uint8).cpu().numpy()
        for sample, class_map in zip(data_samples, class_maps, strict=True):
            sample.pred_class_map = class_map
        lane_probs = outputs.seg_logits.softmax(dim=1)[:, 1:].cpu().numpy()
        existence = np.ones(lane_probs.shape[:2], dtype=np.float32)
        if outputs.existence_logits is not None:
            existence = outputs.existence_logits.float().sigmoid().cpu().numpy()
        for sample, probs, exists in zip(
            data_samples, lane_probs, existence, strict=True
        ):
            lanes = self.decode(probs, exists, sample.view)
            add_lanes(sample, lanes, self.num_slots)
        return list(data_samples)


def _with_last_channels(outputs: SegmentationOutputs) -> SegmentationOutputs:
    """Return float32 logits whose classes lie side by side.

    On a CPU their largest is found much faster so.
    """
    logits = outputs.seg_logits.float().contiguous(memory_format=torch.channels_last)
    return outputs._replace(seg_logits=logits)


def _chosen_losses(
    losses: dict[str, dict[str, Any] | None], has_existence: bool
) -> dict[str, dict[str, Any] | None]:
    """Return the config of each role's loss, the paper's where none is given."""
    defaults: dict[str, dict[str, Any] | None] = {
        "seg": {"type": SegmentationLoss},
        "iou": {"type": SoftIoULoss},
    }
    if has_existence:
        defaults["existence"] = {"type": ExistenceLoss}
    if not losses.keys() <= defaults.keys():
        raise ValueError(
            f"losses must be some of {sorted(defaults)}, got {sorted(losses)}."
        )
    unwanted = [role for role, loss in losses.items() if loss is None and role != "iou"]
    if unwanted:
        raise ValueError(f"losses can do without iou only, got {unwanted[0]}=None.")
    return defaults | losses

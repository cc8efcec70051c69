"""What a line head is trained on: classes, overlaps and ends of assigned lines.

Assignment and losses follow CLRerNet (https://arxiv.org/abs/2305.08366) and Polar R-CNN
(https://arxiv.org/abs/2411.01499), with two changes. Every lane keeps a proposal of its
own (:func:`~lanedet.ops.assign_lines`). And ends are learned as rows, each by itself,
not as a start and a length.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.losses.lane_iou import lane_iou
from lanedet.ops import assign_lines

_LEAST_IOU = 1e-3  # keeps the logarithm of an overlap finite
_UNFIT = 1e6  # a cost beyond all that finite lines have


class Lines(NamedTuple):
    """Lines of one image after each of S refinements, all float32."""

    logits: Tensor
    """Whether a line shows a lane, (S, A)."""

    ends: Tensor
    """Start and end as rows, (S, A, 2)."""

    xs: Tensor
    """x on the rows in pixels of the network input, (S, A, R)."""


class LabelledLines(NamedTuple):
    """Labels of one image, and how large its benchmark draws a lane."""

    lines: Tensor
    """(G, R + 2) as :func:`~lanedet.ops.encode_lines` returns them."""

    x_scale: float
    """Pixels of the benchmark's frame to a pixel of the network input, along x."""

    row_step: float
    """Distance of two rows in pixels of the benchmark's frame."""


class LineCriterion(nn.Module):
    """Score predicted lines by labels.

    Overlaps are LaneIoUs in the frame of CULane's benchmark, 1640x590, in which it
    draws lanes 30 pixels wide.

    Args:
        class_weight: Of the focal loss of the lines' classes, summed over the lines
            of an image and divided by its number of lanes.
        class_alpha: Weight of lines that show a lane in it; others weigh 1 minus this.
        iou_targets: Whether the score of a line that shows a lane learns their LaneIoU,
            and not 1: the quality focal loss of https://arxiv.org/abs/2006.04388, Eq.
            4. A score then says how well a line lies, and is smaller.
        iou_weight: Weight of 1 - LaneIoU, a mean over the lines that learn a lane.
        iou_half_width: Half the width of a lane there, in pixels of 1640. 15 is the
            benchmark's.
        ends_weight: Of the smooth L1 of starts and ends in rows, a mean likewise.
        cost_iou_weight: Of -log LaneIoU beside -log(score) in the cost by which lines
            and lanes are assigned to one another.
        cost_half_width: Half the width of a lane there.
    """

    def __init__(
        self,
        *,
        class_weight: float = 2.0,
        class_alpha: float = 0.45,
        iou_targets: bool = False,
        iou_weight: float = 2.0,
        iou_half_width: float = 15.0,
        ends_weight: float = 0.2,
        cost_iou_weight: float = 6.0,
        cost_half_width: float = 60.0,
    ) -> None:
        super().__init__()
        self.class_weight = class_weight
        self.class_alpha = class_alpha
        self.iou_targets = iou_targets
        self.iou_weight = iou_weight
        self.iou_half_width = iou_half_width
        self.ends_weight = ends_weight
        self.cost_iou_weight = cost_iou_weight
        self.cost_half_width = cost_half_width

    def forward(
        self, predicted: Sequence[Lines], labels: Sequence[LabelledLines]
    ) -> dict[str, Tensor]:
        """Return ``loss_cls``, ``loss_line`` and ``loss_ends``.

        They are means over images and refinements.

        Args:
            predicted: One for each image, at least one.
            labels: As many. An image may have no lane, or more than there are lines:
                then the lanes that fit worst are not learned from it.
        """
        terms = [
            self._image_terms(lines, label)
            for lines, label in zip(predicted, labels, strict=True)
        ]
        classes, ious, ends = torch.stack(terms).mean(dim=0)
        return {"loss_cls": classes, "loss_line": ious, "loss_ends": ends}

    @torch.no_grad()
    def assign(self, predicted: Lines, label: LabelledLines) -> Tensor:
        """Return the lane that each line learns after each refinement.

        Returns:
            (S, A) int64 in [0, G), -1 for none.
        """
        xs, target_xs = predicted.xs[..., None, :], label.lines[:, 2:]
        half_widths = xs.new_tensor([self.iou_half_width, self.cost_half_width])
        ious, wide_ious = lane_iou(
            xs * label.x_scale,
            target_xs * label.x_scale,
            _valid_rows(label.lines),
            half_widths[:, None, None, None, None],
            xs.new_tensor(label.row_step),
        )  # (S, A, G) each
        overlap_cost = -(wide_ious.clamp_min(0) + _LEAST_IOU).log()
        class_cost = -F.logsigmoid(predicted.logits)[..., None]
        costs = self.cost_iou_weight * overlap_cost + class_cost
        # What is not finite, as now and then under mixed precision, shows in the loss.
        costs = costs.double().nan_to_num(nan=_UNFIT, posinf=_UNFIT, neginf=_UNFIT)
        ious = ious.double().nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)
        refinements = zip(costs.cpu().numpy(), ious.cpu().numpy(), strict=True)
        assigned = np.stack([assign_lines(*each) for each in refinements])
        return torch.from_numpy(assigned).to(xs.device)

    def _image_terms(self, predicted: Lines, label: LabelledLines) -> Tensor:
        """Return the three weighted terms of one image, (3,)."""
        assigned = self.assign(predicted, label)
        learns = assigned >= 0
        num_refinements = len(assigned)
        # Means over the lines of each refinement, and of these the mean. Of no lines
        # the sums are 0, and still depend on every output.
        counts = num_refinements * learns.sum(dim=1, keepdim=True).clamp_min(1)
        shares = (1 / counts).expand_as(predicted.logits)[learns]
        target = label.lines[assigned[learns]]
        ious = lane_iou(
            predicted.xs[learns] * label.x_scale,
            target[:, 2:] * label.x_scale,
            _valid_rows(target),
            self.iou_half_width,
            predicted.xs.new_tensor(label.row_step),
        )
        scores = learns.float()
        if self.iou_targets:
            scores[learns] = ious.detach().clamp_min(0)
        weights = torch.where(learns, self.class_alpha, 1 - self.class_alpha)
        classes = self.class_weight * quality_focal_loss(
            predicted.logits, scores, weights
        )
        ends = F.smooth_l1_loss(
            predicted.ends[learns], target[:, :2], reduction="none"
        ).mean(dim=1)
        return torch.stack(
            [
                classes / (num_refinements * max(len(label.lines), 1)),
                self.iou_weight * ((1 - ious) * shares).sum(),
                self.ends_weight * (ends * shares).sum(),
            ]
        )


def quality_focal_loss(logits: Tensor, scores: Tensor, weights: Tensor) -> Tensor:
    """Return the sum of the cross entropies times the squares of the misses, a scalar.

    Li et al., https://arxiv.org/abs/2006.04388, Eq. 4 with beta = 2. Where ``scores``
    are 0 and 1 it is the focal loss of https://arxiv.org/abs/1708.02002 with gamma = 2.

    Args:
        logits: Of any shape.
        scores: What their sigmoids should be, of the same shape, in [0, 1].
        weights: How much each counts, likewise.
    """
    misses = (logits.sigmoid() - scores).square()
    entropies = F.binary_cross_entropy_with_logits(logits, scores, reduction="none")
    return (weights * misses * entropies).sum()


def _valid_rows(lines: Tensor) -> Tensor:
    """Return the rows between the ends of lines, (G, R) bool."""
    rows = torch.arange(lines.shape[1] - 2, device=lines.device)
    return (rows >= lines[:, :1]) & (rows <= lines[:, 1:2])

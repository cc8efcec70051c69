r"""LaneIoU: how far two lines overlap, drawn as wide as the benchmark draws them.

CLRerNet, https://arxiv.org/abs/2305.08366, Sec. 3.2. On each row a lane that is drawn
2h wide covers more pixels the flatter it lies:

.. math:: w_j = h \sqrt{(x_{j+1} - x_{j-1})^2 + (2 \Delta y)^2} / (2 \Delta y)

The overlap of a row may be negative, minus the gap between the two: so lines that do
not touch still draw one another closer.
"""

import torch
from torch import Tensor


def lane_iou(
    xs: Tensor,
    target_xs: Tensor,
    valid: Tensor,
    half_width: float | Tensor,
    row_step: Tensor,
) -> Tensor:
    """Return the LaneIoU of lines, in (-1, 1].

    1 for equal lines, 0 for such that touch, towards -1 the farther they are apart.
    The widths get no gradient.

    Args:
        xs: x of the predicted lines on the rows, (..., R), R at least 2.
        target_xs: x of the labels, broadcast against ``xs``.
        valid: Rows to compare, bool, broadcast against both: the label's.
        half_width: Half the width of a drawn lane, in the unit of ``xs``; of several,
            broadcast against ``xs``.
        row_step: Distance of two rows in the same unit, broadcast against ``xs``.

    Returns:
        The broadcast shape without its last axis, 0 where no row is valid.
    """
    width = _half_widths(xs, half_width, row_step)
    target_width = _half_widths(target_xs, half_width, row_step)
    right = torch.minimum(xs + width, target_xs + target_width)
    left = torch.maximum(xs - width, target_xs - target_width)
    outer_right = torch.maximum(xs + width, target_xs + target_width)
    outer_left = torch.minimum(xs - width, target_xs - target_width)
    overlap = ((right - left) * valid).sum(dim=-1)
    union = ((outer_right - outer_left) * valid).sum(dim=-1)
    return overlap / union.clamp_min(torch.finfo(union.dtype).eps)


def _half_widths(xs: Tensor, half_width: float | Tensor, row_step: Tensor) -> Tensor:
    """Return half of the covered pixels of each row, (..., R), without a gradient."""
    xs = xs.detach()
    rise = (xs[..., 2:] - xs[..., :-2]) / (2 * row_step)
    ends = (
        (xs[..., 1:2] - xs[..., :1]) / row_step,
        (xs[..., -1:] - xs[..., -2:-1]) / row_step,
    )
    if rise.shape[-1]:  # the outermost rows copy their neighbours
        ends = (rise[..., :1], rise[..., -1:])
    rise = torch.cat([ends[0], rise, ends[1]], dim=-1)
    return half_width * (1 + rise.square()).sqrt()

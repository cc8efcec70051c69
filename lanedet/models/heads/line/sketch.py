"""The sketch: straight proposals for lines, from a coarse map.

Each cell of a coarse grid over the network input says whether a lane passes near it,
its direction and how far beside the cell's centre it passes. The idea is that of the
local polar module of Polar R-CNN (https://arxiv.org/abs/2411.01499) and of SRLane's
direction map (https://arxiv.org/abs/2401.14729). All cells become proposals, so that
shapes do not depend on the image.

Angles are counted from the vertical, positive where a line leans to the right going
up, in units of pi. Offsets are distances from the cell's centre to the line, at a right
angle, positive where the line passes on the right, in cell widths.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_STEEPEST = 0.45  # angle beyond which lines are too flat for x on rows
_NEAR = 0.5  # cell widths up to which a lane passes a cell


class SketchOutputs(NamedTuple):
    """What the cells say, row by row from the top left, each (B, A) float32."""

    objectness: Tensor
    """Logits: whether a lane passes near."""

    angles: Tensor
    """Angles of the lanes as shares of pi, in (-0.45, 0.45)."""

    offsets: Tensor


class SketchTargets(NamedTuple):
    """What cells should say, each (A,)."""

    positive: Tensor
    """Whether a lane passes within half a cell width of the centre, bool."""

    angles: Tensor
    offsets: Tensor


class Sketch(nn.Module):
    """Say of each cell of a grid which line passes it.

    Args:
        channels: Channels of the features.
        grid_shape: (rows, columns) of the grid.
    """

    def __init__(self, *, channels: int, grid_shape: tuple[int, int]) -> None:
        super().__init__()
        self.grid_shape = (grid_shape[0], grid_shape[1])
        self.layers = nn.Sequential(
            nn.Conv2d(channels, channels, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, 3, 1),
        )

    def forward(self, features: Tensor) -> SketchOutputs:
        """Map features (B, C, h, w) of any size to a sketch."""
        resized = F.interpolate(
            features, self.grid_shape, mode="bilinear", align_corners=False
        )
        objectness, angles, offsets = self.layers(resized).float().flatten(2).unbind(1)
        return SketchOutputs(objectness, _STEEPEST * angles.tanh(), offsets)


def cell_centres(
    grid_shape: tuple[int, int], input_shape: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Return x and y of the cells' centres in the network input, each (A,)."""
    height, width = input_shape
    ys = (torch.arange(grid_shape[0]) + 0.5) * height / grid_shape[0] - 0.5
    xs = (torch.arange(grid_shape[1]) + 0.5) * width / grid_shape[1] - 0.5
    grid_y, grid_x = torch.meshgrid(ys, xs, indexing="ij")
    return grid_x.flatten(), grid_y.flatten()


def sketch_lines(
    sketch: SketchOutputs,
    grid_shape: tuple[int, int],
    input_shape: tuple[int, int],
    ys: Tensor,
) -> Tensor:
    """Return x of the proposals on rows, (B, A, R) float32.

    Args:
        sketch: Sketch of the cells.
        grid_shape: (rows, columns) of the grid.
        input_shape: (H, W) of the network input.
        ys: y of the rows in pixels of the network input, (R,) float32.
    """
    centre_x, centre_y = (each.to(ys) for each in cell_centres(grid_shape, input_shape))
    cell_width = input_shape[1] / grid_shape[1]
    radians = sketch.angles * math.pi
    at_centre = centre_x + sketch.offsets * cell_width / radians.cos()
    return at_centre[..., None] + radians.tan()[..., None] * (centre_y[:, None] - ys)


def sketch_targets(
    lines: Tensor, grid_shape: tuple[int, int], input_shape: tuple[int, int], ys: Tensor
) -> SketchTargets:
    """Return what the cells should say of lanes.

    A cell learns the tangent at the nearest point of any lane, where it passes within
    half a cell width of the centre.

    Args:
        lines: (G, R + 2) float32 as :func:`~lanedet.ops.encode_lines` returns them.
        grid_shape: (rows, columns) of the grid.
        input_shape: (H, W) of the network input.
        ys: y of the rows in pixels of the network input, (R,) float32.
    """
    centre_x, centre_y = (each.to(ys) for each in cell_centres(grid_shape, input_shape))
    if len(lines) == 0:
        nothing = torch.zeros_like(centre_x)
        return SketchTargets(nothing > 0, nothing, nothing)
    cell_width = input_shape[1] / grid_shape[1]
    begins, ends = _pieces(lines, ys)  # (S, 2)
    steps = ends - begins
    centres = torch.stack([centre_x, centre_y], dim=1)[:, None]  # (A, 1, 2)
    along = ((centres - begins) * steps).sum(-1) / steps.square().sum(-1)
    nearest = begins + along.clamp(0, 1)[..., None] * steps  # (A, S, 2)
    distances, piece = (nearest - centres).square().sum(-1).sqrt().min(dim=1)
    step, begin = steps[piece], begins[piece]
    angles = torch.atan2(step[:, 0], -step[:, 1]) / math.pi  # y points down
    beside = (begin - centres[:, 0]).unbind(1)
    # At a right angle to the step; to the right of it, going up, is positive.
    offsets = (beside[1] * step[:, 0] - beside[0] * step[:, 1]) / step.norm(dim=1)
    return SketchTargets(
        distances <= _NEAR * cell_width,
        angles.clamp(-_STEEPEST, _STEEPEST),
        offsets / cell_width,
    )


def _pieces(lines: Tensor, ys: Tensor) -> tuple[Tensor, Tensor]:
    """Return both ends of the straight pieces of lines, bottom to top, (S, 2) each."""
    rows = torch.arange(len(ys), device=ys.device)
    starts, ends, xs = lines[:, :1], lines[:, 1:2], lines[:, 2:]
    # Every piece from a row to the next, shortened to what the lane has of it.
    low = (starts - rows[:-1]).clamp(0, 1)  # (G, R - 1)
    high = (ends - rows[:-1]).clamp(0, 1)
    there = high > low
    step_x, step_y = xs[:, 1:] - xs[:, :-1], (ys[1:] - ys[:-1]).expand_as(low)
    base_y = ys[:-1].expand_as(low)
    begins = torch.stack([xs[:, :-1] + low * step_x, base_y + low * step_y], dim=-1)
    finals = torch.stack([xs[:, :-1] + high * step_x, base_y + high * step_y], dim=-1)
    return begins[there], finals[there]

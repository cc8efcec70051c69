"""The sketch: proposals for lines, from a coarse map.

Each cell of a coarse grid over the network input says whether a lane passes near it,
its direction and how far beside the cell's centre it passes. The idea is that of the
local polar module of Polar R-CNN (https://arxiv.org/abs/2411.01499) and of SRLane's
direction map (https://arxiv.org/abs/2401.14729). All cells become proposals, so that
shapes do not depend on the image.

Angles are counted from the vertical, positive where a line leans to the right going
up, in units of pi. Offsets are distances from the cell's centre to the line, at a right
angle, positive where the line passes on the right, in cell widths.

That makes straight proposals, tangents of the lanes. A curved sketch also says how
sharply the lane bends, as a flat road shows it: a lane of constant curvature lies at
``x = a + b d + c / d`` on the image, d rows below the horizon (of the road's
``X = X0 + s Z + k Z^2 / 2`` a pinhole camera makes ``x = f X / Z``, and ``d`` is
proportional to ``1 / Z``). Beside its tangent at d_0 that is
``c (1 - d / d_0)^2 / d``: c is one number for a lane, whichever cell sees it, and for
the lanes of a road nearly so. Tangents overlap best with 0.56 of a lane on RoadScenes'
bends (60 scenes of seed 777001, 288x800, mean LaneIoU drawn 30 of 800 wide), with a
parabola's term 0.67, with this one 0.86.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_STEEPEST = 0.45  # angle beyond which lines are too flat for x on rows
_NEAR = 0.5  # cell widths up to which a lane passes a cell
# Shares of the input's height. Labels end before the horizon, beyond which a flat road
# shows nothing: that far above the highest end it is assumed to lie.
_BEYOND_ENDS = 0.05
_SHALLOWEST = 0.02  # rows nearer to the horizon, or above it, bend as if they were here
_COMMON_HORIZON = 0.4  # what a curved sketch begins with
_SHARPEST = 1.0  # RoadScenes' bends reach 0.4; a lane of few rows may say anything


class Bends(NamedTuple):
    """How lanes depart from their tangents, two tensors of one shape, float32."""

    strengths: Tensor
    """c in cell widths, positive where lanes bend to the right, with d as a share of
    the input's height."""

    horizons: Tensor
    """y of the horizon in the input, as a share of its height."""


class SketchOutputs(NamedTuple):
    """What the cells say, row by row from the top left, each (B, A) float32."""

    objectness: Tensor
    """Logits: whether a lane passes near."""

    angles: Tensor
    """Angles of the lanes as shares of pi, in (-0.45, 0.45)."""

    offsets: Tensor

    bends: Bends | None = None
    """None of a sketch that is not curved."""


class SketchTargets(NamedTuple):
    """What cells should say, each (A,)."""

    positive: Tensor
    """Whether a lane passes within half a cell width of the centre, bool."""

    angles: Tensor
    offsets: Tensor

    lanes: Tensor
    """The lane that is nearest to the cell, int64; 0 where there is none at all."""


class Sketch(nn.Module):
    """Say of each cell of a grid which line passes it.

    Args:
        channels: Channels of the features.
        grid_shape: (rows, columns) of the grid.
        curved: Whether cells also say how the lane bends. They begin with no bend, so
            that with one seed such a sketch begins as the other.
    """

    def __init__(
        self, *, channels: int, grid_shape: tuple[int, int], curved: bool = False
    ) -> None:
        super().__init__()
        self.grid_shape = (grid_shape[0], grid_shape[1])
        self.layers = nn.Sequential(
            nn.Conv2d(channels, channels, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, 3, 1),
        )
        self.bend: nn.Conv2d | None = None
        if curved:
            with torch.random.fork_rng(devices=[]):  # the layers behind begin alike
                self.bend = nn.Conv2d(channels, 2, 1)
            nn.init.zeros_(self.bend.weight)
            with torch.no_grad():
                assert self.bend.bias is not None
                self.bend.bias.copy_(torch.tensor([0.0, _COMMON_HORIZON]))

    def forward(self, features: Tensor) -> SketchOutputs:
        """Map features (B, C, h, w) of any size to a sketch."""
        resized = F.interpolate(
            features, self.grid_shape, mode="bilinear", align_corners=False
        )
        hidden = self.layers[:2](resized)
        objectness, angles, offsets = (
            self.layers[2](hidden).float().flatten(2).unbind(1)
        )
        bends = None
        if self.bend is not None:
            bends = Bends(*self.bend(hidden).float().flatten(2).unbind(1))
        return SketchOutputs(objectness, _STEEPEST * angles.tanh(), offsets, bends)


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
    tangents = at_centre[..., None] + radians.tan()[..., None] * (
        centre_y[:, None] - ys
    )
    if sketch.bends is None:
        return tangents
    touch_y = centre_y + sketch.offsets * cell_width * radians.sin()
    strengths, horizons = sketch.bends
    unit = _unit_bends(touch_y, horizons, input_shape[0], ys)
    return tangents + cell_width * strengths[..., None] * unit


def _unit_bends(touch_y: Tensor, horizons: Tensor, height: int, ys: Tensor) -> Tensor:
    """Return how far beside their tangents bends of strength 1 lie, in cell widths.

    Args:
        touch_y: y at which each touches its tangent, (...).
        horizons: As in :class:`Bends`, (...).
        height: H of the network input.
        ys: y of the rows, (R,).

    Returns:
        (..., R), 0 or more.
    """
    horizon_y = height * horizons[..., None]
    depths, touch_depths = (
        ((y - horizon_y) / height).clamp_min(_SHALLOWEST)
        for y in (ys, touch_y[..., None])
    )
    return (1 - depths / touch_depths).square() / depths


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
        return SketchTargets(nothing > 0, nothing, nothing, nothing.long())
    cell_width = input_shape[1] / grid_shape[1]
    begins, ends, owners = _pieces(lines, ys)  # (S, 2), (S,)
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
        owners[piece],
    )


def bend_targets(
    lines: Tensor,
    targets: SketchTargets,
    grid_shape: tuple[int, int],
    input_shape: tuple[int, int],
    ys: Tensor,
) -> Bends:
    """Return how the lane that each cell learns bends, each (A,).

    The strength is that with which the proposal lies as far to the left of the lane as
    to its right, all its rows together. The horizon is one for all cells.

    Args:
        lines: (G, R + 2) float32, as for :func:`sketch_targets`.
        targets: What it made of them.
        grid_shape: (rows, columns) of the grid.
        input_shape: (H, W) of the network input.
        ys: y of the rows in pixels of the network input, (R,) float32.
    """
    if len(lines) == 0:
        return Bends(targets.angles, targets.angles)
    height, width = input_shape
    cell_width = width / grid_shape[1]
    last_row = len(ys) - 1
    top_y = (height - 1) * (1 - lines[:, 1].max() / last_row)
    horizons = (top_y / height - _BEYOND_ENDS).expand_as(targets.angles)
    straight = SketchOutputs(targets.angles, targets.angles, targets.offsets)
    tangents = sketch_lines(straight, grid_shape, input_shape, ys)
    _, centre_y = (each.to(ys) for each in cell_centres(grid_shape, input_shape))
    sines = (targets.angles * math.pi).sin()
    touch_y = centre_y + targets.offsets * cell_width * sines
    own = lines[targets.lanes]
    rows = torch.arange(len(ys), device=ys.device)
    valid = (rows >= own[:, :1]) & (rows <= own[:, 1:2])
    misses = ((own[:, 2:] - tangents) / cell_width * valid).sum(dim=1)
    units = (_unit_bends(touch_y, horizons, height, ys) * valid).sum(dim=1)
    strengths = misses / units.clamp_min(torch.finfo(units.dtype).eps)
    return Bends(strengths.clamp(-_SHARPEST, _SHARPEST), horizons)


def _pieces(lines: Tensor, ys: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the straight pieces of lines: both ends, bottom to top, and whose it is.

    (S, 2), (S, 2) and (S,).
    """
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
    return begins[there], finals[there], there.nonzero()[:, 0]

"""One stage of refinement: pool features along lines, judge the lines, bend them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lanedet.models.heads.line.pyramid import Level, pool_along

_GROUP = 6  # points whose features are first looked at together
_CLASS_BIAS = -3.0  # of 40 proposals few show a lane: all begin as improbable
_STEP = 0.1  # of the input's width, or of the rows: what an output of 1 moves


class Refinement(nn.Module):
    """Judge lines by the features along them, and say how they should change.

    The points of a line are first looked at in groups of six neighbours, as in SRLane
    (https://arxiv.org/abs/2401.14729); which level counts is learned for each point, as
    in Polar R-CNN (https://arxiv.org/abs/2411.01499).

    Args:
        num_levels: Levels of the pyramid.
        channels: Channels of every level.
        num_rows: R of the lines.
        num_points: P, rows on which features are taken; a multiple of 6, at most R.
        hidden_channels: Width of the layers, a multiple of P / 6.

    Raises:
        ValueError: If ``num_points`` or ``hidden_channels`` does not fit.
    """

    def __init__(
        self,
        *,
        num_levels: int,
        channels: int,
        num_rows: int,
        num_points: int,
        hidden_channels: int,
    ) -> None:
        super().__init__()
        if num_points % _GROUP or not _GROUP <= num_points <= num_rows:
            raise ValueError(
                f"num_points must be a multiple of {_GROUP} and at most num_rows="
                f"{num_rows}, got {num_points}."
            )
        groups = num_points // _GROUP
        if hidden_channels < 1 or hidden_channels % groups:
            raise ValueError(
                f"hidden_channels must be a multiple of num_points / {_GROUP} = "
                f"{groups}, got {hidden_channels}."
            )
        self.num_rows = num_rows
        self.num_points = num_points
        self.level_logits = nn.Parameter(torch.zeros(num_levels, num_points))
        self.gather = nn.Conv1d(num_points, hidden_channels, channels, groups=groups)
        self.judge = _mlp(hidden_channels, 1)
        self.bend = _mlp(hidden_channels, 2 + num_rows)
        nn.init.constant_(self.judge[-1].bias, _CLASS_BIAS)  # type: ignore[arg-type]

    def forward(
        self, levels: Sequence[Level], xs: Tensor, ys: Tensor, width: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return what becomes of lines.

        Args:
            levels: Levels of the pyramid.
            xs: x of the lines on the rows in pixels of the network input, (B, A, R)
                float32. They get no gradient.
            ys: y of the rows, (R,) float32.
            width: W of the network input.

        Returns:
            Logits (B, A): whether a line shows a lane. Starts and ends (B, A, 2), as
            rows. x on the rows (B, A, R). All float32.
        """
        xs = xs.detach()
        last = self.num_rows - 1
        points = torch.arange(self.num_points, device=xs.device)
        rows = points * last // (self.num_points - 1)
        pooled = pool_along(levels, xs[..., rows], ys[rows])  # (L, B, C, A, P)
        shares = self.level_logits.softmax(dim=0)[:, None, None, None]
        mixed = (pooled * shares).sum(dim=0).permute(0, 2, 3, 1)  # (B, A, P, C)
        gathered = self._gather(mixed.flatten(0, 1)).relu()
        logits = self.judge(gathered).float().reshape(xs.shape[:2])
        changes = _STEP * self.bend(gathered).float().reshape(*xs.shape[:2], -1)
        ends = changes[..., :2] * last + changes.new_tensor([0.0, last])
        return logits, ends, xs + changes[..., 2:] * width

    def _gather(self, features: Tensor) -> Tensor:
        """Return the grouped convolution ``gather`` of features (B A, P, C).

        As a product of matrices, (B A, hidden): its kernels are as long as a point has
        channels, for which convolutions take six times as long.
        """
        groups, hidden = self.gather.groups, self.gather.out_channels
        weight = self.gather.weight.reshape(groups, hidden // groups, -1)
        assert self.gather.bias is not None
        bias = self.gather.bias.reshape(groups, 1, -1)
        # len() would fix the number of images of an exported graph.
        by_group = features.flatten(1).unflatten(1, (groups, -1)).transpose(0, 1)
        gathered = torch.baddbmm(bias, by_group, weight.transpose(1, 2))
        return gathered.transpose(0, 1).flatten(1)


def _mlp(channels: int, num_outputs: int) -> nn.Sequential:
    layers = nn.Sequential(
        nn.Linear(channels, channels),
        nn.ReLU(inplace=True),
        nn.Linear(channels, num_outputs),
    )
    last = layers[-1]
    assert isinstance(last, nn.Linear)
    nn.init.normal_(last.weight, std=1e-3)
    nn.init.zeros_(last.bias)
    return layers

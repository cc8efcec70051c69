"""Message passing: what a pixel knows travels over the map in straight lines."""

import math

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.context.context_layer import ContextLayer

_DIRECTIONS = ("down", "up", "right", "left")


@MODELS.register_module()
class SpatialPropagation(ContextLayer):
    """Each slice of the map adds relu(w * the slice before it), one by one.

    Pan et al., "Spatial As Deep: Spatial CNN", https://arxiv.org/abs/1712.06080, Eq. 1.
    Rows pass down, then up, columns to the right, then to the left; each direction has
    a kernel of its own along the slice, C to C channels, without bias. Every slice but
    the first of a direction gets its message, as in the authors' code; two ports leave
    out the last one of two directions.

    Args:
        channels: C. The paper has 128.
        kernel_size: Side of the kernels, odd.
        init_scale: Weights begin uniform in +- sqrt(2 / (5 kernel_size C)) times this:
            smaller by sqrt(5) than is usual, else the sums grow without bound over so
            many slices (the author in issue 82 of https://github.com/XingangPan/SCNN).

    Raises:
        ValueError: If the kernel's side is even or the scale negative.
    """

    is_refinement = True

    def __init__(
        self, channels: int, *, kernel_size: int = 9, init_scale: float = 1.0
    ) -> None:
        super().__init__(channels)
        if not init_scale >= 0:
            raise ValueError(f"init_scale must be at least 0, got {init_scale}.")
        bound = init_scale * _init_bound(channels, kernel_size)
        self.kernels = nn.ParameterDict(
            {
                name: nn.Parameter(_uniform(bound, channels, channels, kernel_size))
                for name in _DIRECTIONS
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        for name in _DIRECTIONS:
            dim = 2 if name in ("down", "up") else 3
            slices = list(x.unbind(dim))
            if name in ("up", "left"):
                slices.reverse()
            kernel = self.kernels[name]
            passed = [slices[0]]
            for piece in slices[1:]:
                message = F.conv1d(passed[-1], kernel, padding=kernel.shape[-1] // 2)
                passed.append(piece + message.relu())
            if name in ("up", "left"):
                passed.reverse()
            x = torch.stack(passed, dim)
        return x


@MODELS.register_module()
class RecurrentShift(ContextLayer):
    """Each pixel adds a relu(w * the shifted map), in few steps.

    Zheng et al., "RESA", https://arxiv.org/abs/2008.13719, Eq. 1 to 3. For each
    direction, L rows or columns and K steps, the shift is L // 2^(K - k) in step k = 0,
    1, ..., around the border. Each step has its own kernel along the slices, without
    bias.

    Args:
        channels: C. The paper has 128.
        steps: K. A shift of 0, where 2^K exceeds a side, is refused.
        kernel_size: Side of the kernels, odd.
        strength: a. The paper's 2.

    Raises:
        ValueError: If there is no step or the kernel's side is even.
    """

    is_refinement = True

    def __init__(
        self,
        channels: int,
        *,
        steps: int = 4,
        kernel_size: int = 9,
        strength: float = 2.0,
    ) -> None:
        super().__init__(channels)
        if steps < 1:
            raise ValueError(f"steps must be at least 1, got {steps}.")
        self.steps, self.strength = steps, strength
        bound = _init_bound(channels, kernel_size)
        self.kernels = nn.ParameterDict(
            {
                f"{name}{step}": nn.Parameter(
                    _uniform(bound, channels, channels, kernel_size)
                )
                for name in _DIRECTIONS
                for step in range(steps)
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape.

        Raises:
            ValueError: If a side is shorter than 2^steps.
        """
        height, width = x.shape[-2:]
        if min(height, width) < 2**self.steps:
            most = int(math.log2(min(height, width)))
            advice = f"Set steps to at most {most}." if most else "Use a larger map."
            raise ValueError(
                f"With steps={self.steps} sides must be at least {2**self.steps}, got "
                f"a map of {height}x{width}. {advice}"
            )
        for name in _DIRECTIONS:
            dim = 2 if name in ("down", "up") else 3
            sign = 1 if name in ("down", "right") else -1
            for step in range(self.steps):
                kernel = self.kernels[f"{name}{step}"]
                shift = sign * (x.shape[dim] // 2 ** (self.steps - step))
                num = kernel.shape[-1] // 2
                if dim == 2:  # a kernel along the rows
                    message = F.conv2d(x, kernel[:, :, None], padding=(0, num))
                else:
                    message = F.conv2d(x, kernel[:, :, :, None], padding=(num, 0))
                x = x + self.strength * message.roll(shift, dim).relu()
        return x


def _init_bound(channels: int, kernel_size: int) -> float:
    if kernel_size < 1 or kernel_size % 2 == 0:
        raise ValueError(f"kernel_size must be odd and at least 1, got {kernel_size}.")
    return math.sqrt(2 / (5 * kernel_size * channels))


def _uniform(bound: float, *shape: int) -> Tensor:
    return torch.empty(shape).uniform_(-bound, bound)

"""The layers of a residual block, and the sum at its end."""

from typing import Self, cast

from torch import Tensor, nn

from lanedet.models.fuse import fuse_layers


class Residual(nn.Sequential):
    """Layers whose output is added to a shortcut."""

    def add_to(self, shortcut: Tensor, x: Tensor, activation: nn.Module) -> Tensor:
        """Return ``activation(self(x) + shortcut)``."""
        out: Tensor = self(x)
        out += shortcut  # no layer needs its output again for a gradient
        return cast(Tensor, activation(out))

    def fuse(self) -> Self:
        """Return the layers in their fused form."""
        return type(self)(*fuse_layers(self))

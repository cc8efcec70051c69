"""What every layer has that lets the pixels of a map see one another."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class ContextLayer(nn.Module, ABC):
    """Turn a map into one of the same shape in which pixels have seen others.

    Args:
        channels: C of input and output.
    """

    is_refinement = False
    """Whether the output is the input, changed, as that of a gate or of message
    passing is. What others return is added to their input (:class:`Added`)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape.

        Raises:
            ValueError: If the layer cannot take a map of this size.
        """

    def uncounted_macs(self, height: int, width: int) -> int:
        """Return the multiplications with an addition that PyTorch's counter misses.

        ``torch.utils.flop_counter`` counts convolutions, matrix products and
        ``scaled_dot_product_attention``, not products that are summed by hand.

        Args:
            height: Rows of the map.
            width: Columns of the map.
        """
        del height, width
        return 0


class Added(nn.Module):
    """x + gamma f(x), with gamma 0 at first.

    A network with a layer so added begins as the one without it, bit for bit. As long
    as gamma is 0 the layer itself gets no gradient; gamma does, and so leaves 0 with
    the first step.

    Args:
        layer: f.
    """

    def __init__(self, layer: ContextLayer) -> None:
        super().__init__()
        self.layer = layer
        self.gamma = nn.Parameter(torch.zeros(1, layer.channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        return x + self.gamma * self.layer(x)

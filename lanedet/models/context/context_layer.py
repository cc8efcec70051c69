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


class AttentionLayer(ContextLayer):
    """A context layer in which pixels get means of values, or sums with weights.

    Values are what the layer hands around, heads apart; the weights do not depend on
    them.

    Args:
        channels: C of input and output.
        heads: Heads, each with weights of its own.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__(channels)
        self.heads = heads

    @abstractmethod
    def values(self, x: Tensor) -> Tensor:
        """Return the values of a map (B, C, h, w), (B, heads, d, h', w').

        Layers that hand the same to all heads return one head.
        """

    @abstractmethod
    def attend(self, x: Tensor, values: Tensor) -> Tensor:
        """Return what each pixel gets, heads apart.

        Args:
            x: The map that the weights are made of, (B, C, h, w).
            values: Of the shape of what :meth:`values` returns, or with all heads.

        Returns:
            (B, heads, d, h, w), linear in the values.
        """

    def attention_of(self, x: Tensor, row: int, column: int) -> Tensor:
        """Return the weights with which a pixel takes the values, for each head.

        They are what :meth:`attend` multiplies the values by, so its derivative: no
        layer need write them down, and none of N x N numbers is made.

        Args:
            x: (1, C, h, w).
            row: Of the pixel that looks, in [0, h).
            column: In [0, w).

        Returns:
            (heads, h', w'), without gradient.
        """
        with torch.inference_mode(mode=False), torch.enable_grad():
            x = x.detach().clone()
            batch, _, *others = self.values(x).shape
            values = x.new_zeros((batch, self.heads, *others), requires_grad=True)
            seen = self.attend(x, values)[0, :, 0, row, column].sum()
            (weights,) = torch.autograd.grad(seen, values)
        return weights[0, :, 0]


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

"""Gates in (0, 1) for channels and pixels, from means and maxima over the others."""

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn

from lanedet.models.context.context_layer import ContextLayer


@MODELS.register_module()
class ChannelGate(ContextLayer):
    """Squeeze and excitation: x sigmoid(W_2 relu(W_1 mean(x))).

    Hu et al., https://arxiv.org/abs/1709.01507, Eq. 2 to 4, as torchvision has it.

    Args:
        channels: C.
        reduction: C divided by the channels between the layers.

    Raises:
        ValueError: If no channel would be left between the layers.
    """

    is_refinement = True

    def __init__(self, channels: int, *, reduction: int = 16) -> None:
        # Importing torchvision takes a second, which others need not wait for.
        from torchvision.ops import SqueezeExcitation

        super().__init__(channels)
        self.gate = SqueezeExcitation(channels, _squeezed(channels, reduction))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        out: Tensor = self.gate(x)
        return out


@MODELS.register_module()
class ChannelAndPixelGate(ContextLayer):
    """A gate for each channel and then one for each pixel.

    Woo et al., "CBAM", https://arxiv.org/abs/1807.06521, Eq. 1 to 3. The
    channels' gate is sigmoid(MLP(mean) + MLP(maximum)) over the pixels, with one MLP
    without biases; the pixels' a 7x7 convolution with batch normalisation over the mean
    and the maximum of the channels.

    Args:
        channels: C.
        reduction: C divided by the channels inside the MLP.

    Raises:
        ValueError: If no channel would be left inside the MLP.
    """

    is_refinement = True

    def __init__(self, channels: int, *, reduction: int = 16) -> None:
        super().__init__(channels)
        num_squeezed = _squeezed(channels, reduction)
        self.channel_gate = nn.Sequential(
            nn.Conv2d(channels, num_squeezed, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(num_squeezed, channels, 1, bias=False),
        )
        self.pixel_gate = nn.Sequential(
            nn.Conv2d(2, 1, 7, padding=3, bias=False), nn.BatchNorm2d(1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        mean, maximum = (
            x.mean(dim=(2, 3), keepdim=True),
            x.amax(dim=(2, 3), keepdim=True),
        )
        x = x * (self.channel_gate(mean) + self.channel_gate(maximum)).sigmoid()
        pooled = torch.cat(
            [x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)], dim=1
        )
        gated: Tensor = x * self.pixel_gate(pooled).sigmoid()
        return gated


def _squeezed(channels: int, reduction: int) -> int:
    if not 1 <= reduction <= channels:
        raise ValueError(
            f"reduction must lie in [1, {channels}], the channels, got {reduction}."
        )
    return channels // reduction

"""From the features of a stage to a class for every pixel."""

from typing import cast

from torch import Tensor, nn


class TransposedConvClassifier(nn.ConvTranspose2d):
    """Classify and double height and width by one transposed convolution.

    The last layer of ENet, https://arxiv.org/abs/1606.02147, Table 1 (``fullconv``).

    Args:
        in_channels: Channels of the feature, which has half the height and width of
            the network input.
        num_classes: Number of classes, with the background.
    """

    def __init__(self, *, in_channels: int, num_classes: int) -> None:
        super().__init__(
            in_channels, num_classes, 3, stride=2, padding=1, output_padding=1
        )


class ConvClassifier(nn.Module):
    """Reduce the channels, then classify each pixel of the feature as it is.

    The head of SCNN (https://arxiv.org/abs/1712.06080) for deep features: 3x3
    convolution to 128 channels, batch normalisation, ReLU, dropout of channels, 1x1
    convolution to the classes. The side of the first convolution is a reading: with
    3x3 a ResNet-18 with four lanes has 12.34 M parameters at 288x800, with 1x1 11.82 M.

    Args:
        in_channels: Channels of the feature.
        num_classes: Number of classes, with the background.
        channels: Channels between the two convolutions.
        dropout: Probability of dropping a channel.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        num_classes: int,
        channels: int = 128,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Dropout2d(dropout),
            nn.Conv2d(channels, num_classes, 1),
        )

    def forward(self, feature: Tensor) -> Tensor:
        """Map (B, in_channels, h, w) to logits (B, num_classes, h, w)."""
        return cast(Tensor, self.layers(feature))

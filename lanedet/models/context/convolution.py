"""A convolution as a context layer: the control of every comparison with attention."""

from mmengine.registry import MODELS
from torch import Tensor, nn

from lanedet.models.context.context_layer import ContextLayer
from lanedet.models.context.local_attention import check_kernel_size


@MODELS.register_module()
class ConvolutionContext(ContextLayer):
    """What the same multiplications buy without attention: one more convolution.

    Batch normalisation and ReLU follow it, as in the blocks of a ResNet.

    Args:
        channels: C.
        kernel_size: K, odd.
        dilation: Steps between the pixels that are seen.
        groups: Groups of channels that do not see one another; they divide the
            channels. K^2 C^2 N / groups multiplications.

    Raises:
        ValueError: If there is no middle, or no step, or the groups do not divide.
    """

    def __init__(
        self,
        channels: int,
        *,
        kernel_size: int = 3,
        dilation: int = 1,
        groups: int = 1,
    ) -> None:
        super().__init__(channels)
        check_kernel_size(kernel_size)
        if dilation < 1:
            raise ValueError(f"dilation must be at least 1, got {dilation}.")
        if groups < 1 or channels % groups:
            raise ValueError(
                f"groups must divide the {channels} channels, got {groups}."
            )
        self.layers = nn.Sequential(
            nn.Conv2d(
                channels,
                channels,
                kernel_size,
                padding=kernel_size // 2 * dilation,
                dilation=dilation,
                groups=groups,
                bias=False,
            ),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        out: Tensor = self.layers(x)
        return out

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
        kernel_size: K, odd: 9 C^2 N multiplications with the default.
        dilation: Steps between the pixels that are seen.

    Raises:
        ValueError: If there is no middle, or no step.
    """

    def __init__(
        self, channels: int, *, kernel_size: int = 3, dilation: int = 1
    ) -> None:
        super().__init__(channels)
        check_kernel_size(kernel_size)
        if dilation < 1:
            raise ValueError(f"dilation must be at least 1, got {dilation}.")
        self.layers = nn.Sequential(
            nn.Conv2d(
                channels,
                channels,
                kernel_size,
                padding=kernel_size // 2 * dilation,
                dilation=dilation,
                bias=False,
            ),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        out: Tensor = self.layers(x)
        return out

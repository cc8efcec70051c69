"""ResNet-18 and -34, as they are or dilated.

ResNet: He et al., "Deep Residual Learning for Image Recognition",
https://arxiv.org/abs/1512.03385, Table 1. SAD uses the dilated form "which is the same
as the deeplab version" (https://arxiv.org/abs/1908.00821, after its author's answer in
https://github.com/cardwing/Codes-for-Lane-Detection/issues/145): the last two stages
keep their resolution and dilate their convolutions by 2 and 4 instead.

Modules and parameters are named as in torchvision, so that its ImageNet weights load.
torchvision itself cannot dilate these two networks.
"""

import copy
from typing import Self, cast

from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lanedet.models.backbones.base_backbone import LaneBackbone, StageFeatures
from lanedet.models.backbones.pretrained import (
    IMAGENET,
    load_pretrained,
    torchvision_state_dict,
)
from lanedet.models.context.placement import (
    REPLACE,
    Context,
    PlacedLayer,
    build_context,
    layers_after,
)
from lanedet.models.fuse import fuse, fuse_children

_BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
_LAST_STAGES = {  # by output stride: stride and dilations of layer3 and layer4
    8: ((1, (1, 2)), (1, (2, 4))),
    16: ((2, (1, 1)), (1, (1, 2))),
    32: ((2, (1, 1)), (2, (1, 1))),
}


class ResNet(LaneBackbone):
    """The stages ``layer1`` (stride 4), ``layer2`` (8), ``layer3`` and ``layer4``.

    At output stride 8 neither of the last two halves the resolution, at 16 the last
    one does not. The convolution that would have halved the resolution still sees the
    grid before it, so it takes the dilation of the stage before, as in torchvision's
    dilated ResNet-50. At 8, every fourth pixel of ``layer4`` is thus what the network
    that was trained on ImageNet computes there, exactly.

    With random weights every block begins as the identity, or as its projection: the
    last scale of each residual branch is 0 (Goyal et al.,
    https://arxiv.org/abs/1706.02677, Sec. 5.1).

    Args:
        depth: 18 or 34.
        weights: What a training begins with: ``"imagenet"`` for torchvision's
            weights, the path of a file with a state dict in torchvision's names, or
            None for random ones.
        output_stride: Stride of ``layer4``: 8, 16, or 32 for the network as it was
            published, with a fifth of the multiplications that it has at 8. Weights
            fit them all.
        context: Layers by which pixels see one another, by stage: after it, or in place
            of the second convolution of some of its blocks (:data:`Context`).

    Raises:
        ValueError: If there is no network of this depth or stride, or a context layer
            does not fit.
    """

    stride = 8

    def __init__(
        self,
        *,
        depth: int = 18,
        weights: str | None = IMAGENET,
        output_stride: int = 8,
        context: Context | None = None,
    ) -> None:
        super().__init__()
        if depth not in _BLOCKS:
            raise ValueError(f"depth must be one of {list(_BLOCKS)}, got {depth}.")
        if output_stride not in _LAST_STAGES:
            raise ValueError(
                f"output_stride must be one of {list(_LAST_STAGES)}, "
                f"got {output_stride}."
            )
        self.depth = depth
        self.weights = weights
        self.stage_channels = {
            "layer1": 64,
            "layer2": 128,
            "layer3": 256,
            "layer4": 512,
        }
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        numbers = _BLOCKS[depth]
        self.layer1 = _stage(64, 64, numbers[0])
        self.layer2 = _stage(64, 128, numbers[1], stride=2)
        layer3, layer4 = _LAST_STAGES[output_stride]
        self.layer3 = _stage(128, 256, numbers[2], *layer3)
        self.layer4 = _stage(256, 512, numbers[3], *layer4)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
            elif isinstance(module, BasicBlock):
                nn.init.zeros_(module.bn2.weight)
        placed = build_context(context, self.stage_channels)
        self.context = layers_after(placed)
        for each in placed:
            if each.where == REPLACE:
                self._replace(each)

    def _replace(self, placed: PlacedLayer) -> None:
        blocks = getattr(self, placed.stage)
        for number in placed.blocks:
            if not -len(blocks) <= number < len(blocks):
                raise ValueError(
                    f"context.{placed.stage}.blocks must lie in [-{len(blocks)}, "
                    f"{len(blocks)}), got {number}."
                )
            # Each block has a layer of its own, though all begin alike.
            blocks[number].conv2 = copy.deepcopy(placed.layer)

    def init_weights(self) -> None:
        """Load the pretrained weights; mmengine calls it when a training begins.

        Raises:
            FileNotFoundError: If ``weights`` names a file that is not there.
            ValueError: If the weights cannot be fetched or do not fit.
        """
        super().init_weights()
        if self.weights is not None:
            state = torchvision_state_dict(f"resnet{self.depth}", self.weights)
            load_pretrained(self, state, self.weights)

    def forward(self, inputs: Tensor) -> StageFeatures:
        """Return the output of every stage.

        Args:
            inputs: Normalised images, (B, 3, H, W), H and W multiples of 8.

        Returns:
            ``layer1`` (B, 64, H/4, W/4), ``layer2`` (B, 128, H/8, W/8), ``layer3``
            (B, 256) and ``layer4`` (B, 512), these also H/8 by W/8 at output stride 8.
            At 16 and 32 they are smaller, and sizes that do not divide rounded up.

        Raises:
            ValueError: If H or W is not a multiple of 8.
        """
        self.check_size(inputs.shape[-2:])
        x = self.maxpool(self.relu(self.bn1(self.conv1(inputs))))
        features: StageFeatures = {}
        for name in self.stage_channels:
            features[name] = x = self.in_context(name, getattr(self, name)(x))
        return features

    def fuse(self) -> Self:
        """Return the backbone with fused convolutions."""
        self.conv1 = fuse_conv_bn_eval(self.conv1, self.bn1)
        self.register_module("bn1", nn.Identity())
        for name in self.stage_channels:
            self.register_module(name, fuse(getattr(self, name)))
        fuse_children(self.context)
        return self


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside the identity (He et al., Fig. 5, left).

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: Stride of the first convolution.
        dilations: Dilations of the two convolutions.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        dilations: tuple[int, int] = (1, 1),
    ) -> None:
        super().__init__()
        first, second = dilations
        self.conv1 = nn.Conv2d(
            in_channels,
            out_channels,
            3,
            stride=stride,
            padding=first,
            dilation=first,
            bias=False,
        )
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2: nn.Module = nn.Conv2d(
            out_channels, out_channels, 3, padding=second, dilation=second, bias=False
        )
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample: nn.Module | None = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, in_channels, h, w) to (B, out_channels, h / stride, w / stride)."""
        identity = x if self.downsample is None else self.downsample(x)
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += identity
        return cast(Tensor, self.relu(out))

    def fuse(self) -> Self:
        """Return the block with fused convolutions."""
        self.conv1 = fuse_conv_bn_eval(self.conv1, self.bn1)
        self.register_module("bn1", nn.Identity())
        if isinstance(self.conv2, nn.Conv2d):
            self.conv2 = fuse_conv_bn_eval(self.conv2, self.bn2)
            self.register_module("bn2", nn.Identity())
        else:  # a context layer, whose last step need not be a convolution
            self.conv2 = fuse(self.conv2)
        if self.downsample is not None:
            self.downsample = fuse(self.downsample)
        return self


def _stage(
    in_channels: int,
    out_channels: int,
    num_blocks: int,
    stride: int = 1,
    dilations: tuple[int, int] = (1, 1),
) -> nn.Sequential:
    """Return a stage; ``dilations`` are those before and behind its lost stride."""
    inner = (dilations[1], dilations[1])
    return nn.Sequential(
        BasicBlock(in_channels, out_channels, stride, dilations),
        *(
            BasicBlock(out_channels, out_channels, dilations=inner)
            for _ in range(1, num_blocks)
        ),
    )

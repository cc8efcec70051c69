"""A trained detector in the form in which it predicts fastest.

At inference a batch normalisation is a fixed scale and shift per channel, which the
convolution before it can do itself; dropout does nothing; and no activation is needed
again for a gradient, so that blocks can work in place. Lanes stay the same up to the
rounding of floats.
"""

import copy
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lanedet.models.backbones.enet import (
    Bottleneck,
    DownBottleneck,
    ENet,
    InitialBlock,
    UpBottleneck,
)
from lanedet.models.backbones.resnet import BasicBlock, ResNet
from lanedet.models.lane_detector import LaneDetector


def evaluation_form(detector: LaneDetector) -> LaneDetector:
    """Return a detector that finds the same lanes in less time.

    Batch normalisations are folded into the convolutions before them, in the head, in
    :class:`~lanedet.models.ENet` and in :class:`~lanedet.models.ResNet`; other
    backbones stay as they are. The outputs of the stages stay the same too.

    Args:
        detector: A trained detector on any device. It is not changed.

    Returns:
        A detector of its own memory, without a distiller, in evaluation mode. It
        cannot be trained, and its tensors have other names than the detector's.
    """
    fast = copy.deepcopy(detector)
    fast.distiller = None
    fast.eval().requires_grad_(False)
    if isinstance(fast.backbone, ENet | ResNet):
        fast.backbone = _form_of(fast.backbone)
    fast.head = _form_of(fast.head)
    return fast.to(memory_format=torch.channels_last)


def _form_of(module: nn.Module) -> nn.Module:
    """Return the evaluation form of a module in evaluation mode, changing it."""
    form = _FORMS.get(type(module))
    if form is not None:
        return form(module)
    for name, child in module.named_children():
        module.register_module(name, _form_of(child))
    return module


def _fold_sequence(layers: Iterable[nn.Module]) -> nn.Sequential:
    """Return the evaluation form of layers that run one after another."""
    folded: list[nn.Module] = []
    for layer in layers:
        last = folded[-1] if folded else None
        if not isinstance(last, nn.Conv2d | nn.ConvTranspose2d):
            folded.append(_form_of(layer))
        elif isinstance(layer, nn.BatchNorm2d):
            is_transposed = isinstance(last, nn.ConvTranspose2d)
            folded[-1] = fuse_conv_bn_eval(last, layer, is_transposed)
        else:  # what a convolution returned is nobody else's and may be overwritten
            folded.append(_in_place(_form_of(layer)))
    return nn.Sequential(*(m for m in folded if not isinstance(m, nn.Dropout2d)))


def _in_place(activation: nn.Module) -> nn.Module:
    """Return a layer that overwrites its input, if it is an activation."""
    if isinstance(activation, nn.ReLU):
        return nn.ReLU(inplace=True)
    if isinstance(activation, nn.PReLU) and activation.num_parameters == 1:
        return nn.LeakyReLU(activation.weight.item(), inplace=True)
    return activation


class FoldedInitialBlock(nn.Module):
    """ENet's first block: one convolution, to which the maxima are added."""

    scale: Tensor

    def __init__(self, block: InitialBlock) -> None:
        super().__init__()
        norm, num_learned = block.norm, block.conv.out_channels
        assert norm.running_var is not None
        # With a filter of zeros for each maximum the convolution makes all channels,
        # and nothing has to be concatenated.
        conv = nn.Conv2d(
            block.conv.in_channels,
            norm.num_features,
            3,
            stride=2,
            padding=1,
            bias=False,
        ).eval()
        nn.init.zeros_(conv.weight)
        conv.weight.data[:num_learned] = block.conv.weight
        self.conv = fuse_conv_bn_eval(conv, norm).requires_grad_(False)
        scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        self.register_buffer("scale", scale[num_learned:, None, None].clone())
        self.num_learned = num_learned
        self.activation = _in_place(block.activation)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, out_channels, H/2, W/2)."""
        out: Tensor = self.conv(x)
        # The maxima of rows and then of columns: a pooling of three channels does
        # not vectorise, and takes ten times as long on a CPU.
        rows = torch.maximum(x[:, :, ::2], x[:, :, 1::2])
        maxima = torch.maximum(rows[..., ::2], rows[..., 1::2])
        out[:, self.num_learned :] += maxima * self.scale
        return self.activation(out)


class FoldedBottleneck(nn.Module):
    """ENet's block at constant size."""

    def __init__(self, block: Bottleneck) -> None:
        super().__init__()
        self.residual = _fold_sequence(block.residual)
        self.activation = _in_place(block.activation)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        out: Tensor = self.residual(x)
        out += x
        return self.activation(out)


class FoldedDownBottleneck(nn.Module):
    """ENet's block that halves the size."""

    def __init__(self, block: DownBottleneck) -> None:
        super().__init__()
        self.residual = _fold_sequence(block.residual)
        self.activation = _in_place(block.activation)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (B, out_channels, h/2, w/2) and the pooling indices."""
        pooled, indices = F.max_pool2d(x, 2, return_indices=True)
        out: Tensor = self.residual(x)
        out[:, : pooled.shape[1]] += pooled
        return self.activation(out), indices


class FoldedUpBottleneck(nn.Module):
    """ENet's block that doubles the size."""

    def __init__(self, block: UpBottleneck) -> None:
        super().__init__()
        self.main = _fold_sequence(block.main)
        self.residual = _fold_sequence(block.residual)
        self.activation = _in_place(block.activation)

    def forward(self, x: Tensor, indices: Tensor) -> Tensor:
        """Map (B, C, h, w) to (B, out_channels, 2h, 2w)."""
        out: Tensor = self.residual(x)
        out += F.max_unpool2d(self.main(x), indices, [2, 2])
        return self.activation(out)


class FoldedBasicBlock(nn.Module):
    """The block of ResNet-18 and -34."""

    def __init__(self, block: BasicBlock) -> None:
        super().__init__()
        self.residual = _fold_sequence(
            [block.conv1, block.bn1, block.relu, block.conv2, block.bn2]
        )
        self.downsample = (
            nn.Identity()
            if block.downsample is None
            else _fold_sequence(block.downsample.children())
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the size of the block's output."""
        out: Tensor = self.residual(x)
        out += self.downsample(x)
        return out.relu_()


def _fold_resnet(backbone: ResNet) -> ResNet:
    backbone.conv1 = fuse_conv_bn_eval(backbone.conv1, backbone.bn1)
    backbone.register_module("bn1", nn.Identity())
    for stage in backbone.stage_channels:
        backbone.register_module(stage, _form_of(getattr(backbone, stage)))
    return backbone


_FORMS: dict[type[nn.Module], Callable[..., nn.Module]] = {
    BasicBlock: FoldedBasicBlock,
    Bottleneck: FoldedBottleneck,
    DownBottleneck: FoldedDownBottleneck,
    InitialBlock: FoldedInitialBlock,
    ResNet: _fold_resnet,
    UpBottleneck: FoldedUpBottleneck,
    nn.Sequential: _fold_sequence,
}
"""How a module of exactly this class gets its evaluation form."""

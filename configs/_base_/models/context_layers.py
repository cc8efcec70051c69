"""What is paid for at inference: a layer of each kind, for the rows of an ablation.

Every one takes the channels of the stage behind which it goes. Relative positions need
the size of the maps, which a config adds.
"""

from lanedet.models import (
    ACmix,
    ChannelAndPixelGate,
    ChannelGate,
    ConvolutionContext,
    GatedPositionalAttention,
    LocalSelfAttention,
    NonLocalAttention,
    QuadraticSelfAttention,
    RecurrentShift,
    SelfAttention2d,
    SpatialPropagation,
    WindowSelfAttention,
)

_layers = {
    "convolution": dict(type=ConvolutionContext),
    "SE": dict(type=ChannelGate),
    "CBAM": dict(type=ChannelAndPixelGate),
    "SAGAN": dict(type=NonLocalAttention),
    "attention": dict(type=SelfAttention2d),
    "attention, sinusoidal": dict(type=SelfAttention2d, positions="sinusoidal"),
    "attention, relative": dict(type=SelfAttention2d, positions="relative"),
    "local 7x7": dict(type=LocalSelfAttention),
    "window": dict(type=WindowSelfAttention),
    "ACmix": dict(type=ACmix),
    "GPSA": dict(type=GatedPositionalAttention),
    "quadratic": dict(type=QuadraticSelfAttention),
    "SCNN": dict(type=SpatialPropagation),
    "RESA": dict(type=RecurrentShift, steps=3),
}

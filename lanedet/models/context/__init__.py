"""Layers by which the pixels of a map see one another: what is paid at inference.

Each turns (B, C, h, w) into the same shape and can be put behind a stage of a backbone,
or in place of a convolution, by a value of its config (``context``).
"""

from lanedet.models.context.acmix import ACmix
from lanedet.models.context.channel_gates import ChannelAndPixelGate, ChannelGate
from lanedet.models.context.context_layer import AttentionLayer, ContextLayer
from lanedet.models.context.conv_attention import (
    QuadraticSelfAttention,
    attention_from_conv,
)
from lanedet.models.context.convolution import ConvolutionContext
from lanedet.models.context.gated_attention import GatedPositionalAttention
from lanedet.models.context.local_attention import (
    LocalSelfAttention,
    WindowSelfAttention,
)
from lanedet.models.context.non_local import NonLocalAttention
from lanedet.models.context.propagation import RecurrentShift, SpatialPropagation
from lanedet.models.context.self_attention import SelfAttention2d

__all__ = [
    "ACmix",
    "AttentionLayer",
    "ChannelAndPixelGate",
    "ChannelGate",
    "ContextLayer",
    "ConvolutionContext",
    "GatedPositionalAttention",
    "LocalSelfAttention",
    "NonLocalAttention",
    "QuadraticSelfAttention",
    "RecurrentShift",
    "SelfAttention2d",
    "SpatialPropagation",
    "WindowSelfAttention",
    "attention_from_conv",
]

r"""Free at inference against paid at inference on real roads: ENet at 96x160.

Run:  OMP_NUM_THREADS=1 lanedet ablate ablation/context_tusimple_enet --costs \
          --seeds 3 --jobs 2

The experiment of tusimple_enet.py. SAD, deep supervision and ESA cost nothing when the
network predicts. Each other row pays for a layer behind E4, the deepest stage, of 128
channels and 12x20 pixels, or for a convolution that multiplies as much there, in
millions: 4 (SAGAN 7), 18 (local 15, window 19, ACmix 18), 35 (attention 31, GPSA 31,
quadratic 44), 98 and 193 (SCNN 132). RESA's 425 have no such row.

Then the placement: local 7x7 behind each stage of the encoder, and behind more and
more of them from the deepest on. Then SAD on top of what is paid for. ViT-Ti (needs
lanedet[timm]) and Swin-T are lines of their own: other networks, trained from nothing
at this recipe's learning rate, without the weights that transformers live on.

Does attention need more data than convolution? Train on a share of the frames with
--cfg-options train_dataloader.dataset.indices=176 (a tenth of 1,765) or 530.

Run so far: nine rows, half the iterations (docs/attention.md).
"""

from mmengine.config import read_base

from lanedet.models import (
    ConvClassifier,
    ConvolutionContext,
    ExpandedSelfAttention,
    LogitsExistenceBranch,
    TimmFeatures,
    TorchvisionFeatures,
)

with read_base():
    from .tusimple_enet import *
    from .._base_.models.context_layers import *

_local = _layers["local 7x7"]
_layers["attention, relative"].update(size=(12, 20))  # E4
_controls = {
    "convolution 1x1": dict(type=ConvolutionContext, kernel_size=1),
    "convolution, 2 groups": dict(type=ConvolutionContext, groups=2),
    "convolution 5x5": dict(type=ConvolutionContext, kernel_size=5),
    "convolution 7x7": dict(type=ConvolutionContext, kernel_size=7),
}
_places = {
    "E1": ["E1"],
    "E2": ["E2"],
    "E3": ["E3"],
    "E3 and E4": ["E3", "E4"],
    "E2 to E4": ["E2", "E3", "E4"],
    "E1 to E4": ["E1", "E2", "E3", "E4"],
}
_stride_16 = dict(
    seg_stage="S3",
    classifier=dict(type=ConvClassifier),
    upsampling=16,
    existence_branch=dict(type=LogitsExistenceBranch, stride=16),
)
_vit = dict(
    type=TimmFeatures,
    name="vit_tiny_patch16_224",
    stages=dict(S1=3, S2=7, S3=11),
    weights=None,
    img_size=(96, 160),
)
_swin = dict(
    type=TorchvisionFeatures,
    name="swin_t",
    stages=dict(S1="features.1", S2="features.3", S3="features.5"),
    weights=None,
)

_rows = {
    "plain": None,
    "SAD": _sad,
    "deep supervision": _rows["deep supervision"],
    "ESA": dict(type=ExpandedSelfAttention, stages=["E1", "E2", "E3", "E4"]),
    **{
        title: dict(backbone=dict(context=dict(E4=layer)))
        for title, layer in (_controls | _layers).items()
    },
    **{
        f"local 7x7 at {title}": dict(
            backbone=dict(context=dict.fromkeys(stages, _local))
        )
        for title, stages in _places.items()
    },
    **{
        f"{title} and SAD": dict(
            backbone=dict(context=dict(E4=_layers[title])), distiller=_sad
        )
        for title in ("SE", "attention, relative", "local 7x7", "SCNN")
    },
    "ViT-Ti": dict(backbone=_vit, head=_stride_16),
    "Swin-T": dict(backbone=_swin, head=_stride_16),
}

"""MobileNetV3 with SAD on generated scenes: any network of torchvision as a backbone.

Run:      lanedet scenes data/scenes --num 1500 --seed 0
          lanedet train sad/mobilenet_v3_sad_scenes
Expected: not measured. It shows how a network joins, not which one is best.

To use another network, change ``name`` and the places in ``stages``, which
``torchvision.models.feature_extraction.get_graph_node_names`` lists, and the channels
that the head reads; if they do not fit, the message says what does. Networks of timm
join the same way: ``dict(type=TimmFeatures, name="mobilenetv3_small_100",
stages=dict(S1=0, S2=1, S3=2), output_stride=8)``.

Training begins with torchvision's ImageNet weights, which are fetched. Where nothing
can be fetched, add ``--cfg-options model.backbone.weights=None``.

MobileNetV3: https://arxiv.org/abs/1905.02244. SAD: https://arxiv.org/abs/1908.00821.
"""

from mmengine.config import read_base
from mmengine.optim import OneCycleLR, OptimWrapper
from torch.optim import AdamW

from lanedet.engine import LaneTrainLoop
from lanedet.models import (
    ConvClassifier,
    LaneDetector,
    LaneSegmentationHead,
    LogitsExistenceBranch,
    SelfAttentionDistiller,
    TorchvisionFeatures,
)
from lanedet.ops import LaneDecoder

with read_base():
    from .._base_.datasets.scenes import *
    from .._base_.default_runtime import *

model = dict(
    type=LaneDetector,
    backbone=dict(
        type=TorchvisionFeatures,
        name="mobilenet_v3_large",
        # 24 channels at stride 4, 40 at 8, 112 and 160 at 16.
        stages=dict(
            S1="features.3", S2="features.6", S3="features.12", S4="features.15"
        ),
        options=dict(dilated=True),
    ),
    head=dict(
        type=LaneSegmentationHead,
        num_lanes=_num_lanes,
        seg_stage="S4",
        classifier=dict(type=ConvClassifier, in_channels=160),
        upsampling=16,
        existence_branch=dict(
            type=LogitsExistenceBranch, input_shape=_view["input_shape"], stride=16
        ),
        decoder=dict(type=LaneDecoder, smoothing=5, row_step=2),
    ),
    distiller=dict(
        type=SelfAttentionDistiller,
        paths=[("S2", "S3"), ("S3", "S4")],
        weight=0.02,
        start=0.5,
        ramp=0.2,
    ),
    view=_view,
)

_max_iters = 460
_lr = 1e-3
train_cfg = dict(type=LaneTrainLoop, max_iters=_max_iters, val_interval=230)
optim_wrapper = dict(
    type=OptimWrapper,
    optimizer=dict(type=AdamW, lr=_lr, weight_decay=1e-2),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(
        type=OneCycleLR,
        eta_max=_lr,
        total_steps=_max_iters,
        pct_start=0.15,
        by_epoch=False,
    )
]
default_hooks.update(checkpoint=dict(interval=100))

"""Does SAD help on RoadScenes? ResNet-18 at 64x176, plain and with SAD.

Run:  OMP_NUM_THREADS=1 lanedet ablate ablation/roadscenes_resnet18 \
          --seeds 1

The experiment of roadscenes_enet.py with the network of
configs/roadscenes/resnet18_sad_roadscenes.py, but not with ImageNet's weights: all
three networks begin from nothing.
"""

from mmengine.config import read_base

from lanedet.models import (
    ConvClassifier,
    LaneDetector,
    LaneSegmentationHead,
    LogitsExistenceBranch,
    ResNet,
    SelfAttentionDistiller,
)

with read_base():
    from .roadscenes_enet import *

model = dict(
    type=LaneDetector,
    backbone=dict(type=ResNet, depth=18, weights=None),
    head=dict(
        type=LaneSegmentationHead,
        num_lanes=_num_lanes,
        seg_stage="layer4",
        classifier=dict(type=ConvClassifier, in_channels=512),
        upsampling=8,
        existence_branch=dict(
            type=LogitsExistenceBranch, input_shape=_view["input_shape"]
        ),
        decoder=_decoder,
    ),
    view=_view,
)

_lr = 1e-3
optim_wrapper["optimizer"].update(lr=_lr)
param_scheduler[0].update(eta_max=_lr)

_rows = {
    "plain": None,
    "SAD": dict(
        type=SelfAttentionDistiller,
        paths=[("layer2", "layer3"), ("layer3", "layer4")],
        weight=0.02,
        start=0.5,
        ramp=0.2,
    ),
}

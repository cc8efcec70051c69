"""A line head on ENet's encoder, with auxiliary segmentation and SAD.

Kin: SRLane (https://arxiv.org/abs/2401.14729), Polar R-CNN
(https://arxiv.org/abs/2411.01499) and CLRerNet (https://arxiv.org/abs/2305.08366), all
of them on ResNets or DLA-34 and without SAD. The levels are ENet's E4, at stride 8, and
two beyond it.

While training, a 1x1 convolution that prediction never sees segments lanes on E4: under
a line head nothing else makes deep attention follow the lanes, which is what SAD lets
the stages before mimic. With AdamW the weight of SAD is 0.02 rather than the 0.1 of
https://arxiv.org/abs/1908.00821.

A config adds ``view``.
"""

from lanedet.models import (
    DeepSupervision,
    ENet,
    LaneDetector,
    LineHead,
    SelfAttentionDistiller,
)

_segmentation = dict(type=DeepSupervision, stages=["E4"], weight=1.0)
_sad = dict(
    type=SelfAttentionDistiller,
    paths=[("E2", "E3"), ("E3", "E4")],
    weight=0.02,
    start=0.5,
    ramp=0.2,
)
model = dict(
    type=LaneDetector,
    backbone=dict(type=ENet, decoder=False),
    head=dict(
        type=LineHead,
        num_slots=8,
        num_rows=72,
        stages=dict(E4=dict(stride=8, offset=3.5)),
        num_extra_levels=2,
    ),
    distiller=[_segmentation, _sad],
)

"""ENet-SAD, Fig. 3 of the paper (https://arxiv.org/abs/1908.00821).

ENet (https://arxiv.org/abs/1606.02147) with a fourth encoder stage, E4, which the
existence branch P1 reads. The maps of E2 mimic those of E3, and those of E3 those of
E4, as the first author says
(https://github.com/cardwing/Codes-for-Lane-Detection/issues/150), for the last third
of the training. Where the paper is silent or does not train: the energies are
standardised (lanedet/models/distillation/sad.py says why).

A config adds ``view`` and the head's ``num_lanes``, which are those of its data.
"""

from lanedet.models import (
    ENet,
    ExistenceBranch,
    LaneDetector,
    LaneSegmentationHead,
    SelfAttentionDistiller,
    TransposedConvClassifier,
)

model = dict(
    type=LaneDetector,
    backbone=dict(type=ENet),
    head=dict(
        type=LaneSegmentationHead,
        seg_stage="D2",
        classifier=dict(type=TransposedConvClassifier),
        existence_branch=dict(type=ExistenceBranch, stage="E4"),
    ),
    distiller=dict(
        type=SelfAttentionDistiller,
        paths=[("E2", "E3"), ("E3", "E4")],
        weight=0.1,
        start=2 / 3,
    ),
)

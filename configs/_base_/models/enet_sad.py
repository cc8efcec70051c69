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

# RGB in [0, 255]; the authors' scripts have them in [0, 1]. The paper's rows take them.
_authors_colors = dict(mean=(91.75, 93.15, 93.38), std=(65.61, 67.91, 70.28))
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

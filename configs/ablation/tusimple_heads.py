"""Classes of pixels or lines on real roads? ENet at 96x160 with either head.

Run:  OMP_NUM_THREADS=1 lanedet ablate ablation/tusimple_heads --seeds 3

The experiment of tusimple_enet.py: both heads see the same frames as often, at the same
learning rates. Lines are trained with segmentation on E4 beside them. Then scores that
learn how far a line overlaps its lane; a sketch that is curved itself, a third
refinement, and both.

Run so far: the first three rows, half the iterations (docs/heads.md).
"""

from mmengine.config import read_base

with read_base():
    from .tusimple_enet import *
    from .tusimple_line_enet import model as _line_model
    from .tusimple_line_enet import train_dataloader as _line_dataloader
    from .roadscenes_line_enet import _segmentation

_line = dict(
    backbone=_line_model["backbone"],
    head=_line_model["head"],
    distiller=_segmentation,
    train_dataloader=dict(
        dataset=dict(pipeline=_line_dataloader["dataset"]["pipeline"])
    ),
)
# Overlaps are smaller numbers than 1: so are the scores that learn them.
_judged = dict(criterion=dict(iou_targets=True), min_score=0.35)
_curved = dict(_line, head=dict(_line["head"], curved_sketch=True))
_rows = {
    "segmentation head": None,
    "line head": _line,
    "overlaps as scores": dict(_line, head=dict(_line["head"], **_judged)),
    "curved sketch": _curved,
    "three refinements": dict(_line, head=dict(_line["head"], num_refinements=3)),
    "both": dict(_line, head=dict(_curved["head"], num_refinements=3)),
}

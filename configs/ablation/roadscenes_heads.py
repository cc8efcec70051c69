"""Classes of pixels or lines, and more for bends? ENet at 64x176 with either head.

Run:  OMP_NUM_THREADS=1 lanedet ablate ablation/roadscenes_heads --seeds 3

The experiment of roadscenes_enet.py with the iterations of roadscenes_line_enet.py:
both heads see the same images as often, at the same learning rates. Lines are trained
with segmentation on E4 beside them. Then what is for bends: a sketch that is curved
itself, a third refinement, and 800 bends beside the 3,200 scenes of the others.

Bends are 1.4 of 100 test scenes, which say little. So all rows are also scored on 300
bends of a collection of their own.

No row has been run yet.
"""

from mmengine.config import read_base

from lanedet.datasets import MixedDataset

with read_base():
    from .roadscenes_enet import *
    from .roadscenes_line_enet import _segmentation
    from .roadscenes_line_enet import model as _line_model
    from .roadscenes_line_enet import train_dataloader as _line_dataloader

train_cfg.update(max_iters=3_600, val_interval=3_600)
_bends = dict(_data, data_root="bends", category="curve", fingerprints=None)
_tests = {"bends": dict(_bends, split="test", seed=777_001, num_scenes=300)}

_pipeline = _line_dataloader["dataset"]["pipeline"]
_line = dict(
    backbone=_line_model["backbone"],
    head=_line_model["head"],
    distiller=_segmentation,
    train_dataloader=dict(dataset=dict(pipeline=_pipeline)),
)
_curved = dict(_line, head=dict(_line["head"], curved_sketch=True))
_deeper = dict(_line, head=dict(_line["head"], num_refinements=3))
_all = dict(_line, head=dict(_curved["head"], num_refinements=3))
_with_bends = dict(
    type=MixedDataset,
    data_root=_data["data_root"],
    parts=[
        dict(_data, data_root=".", split="train", seed=20_001, num_scenes=3_200),
        dict(_bends, split="train", seed=777_002, num_scenes=800),
    ],
    pipeline=_pipeline,
)
_rows = {
    "segmentation head": None,
    "line head": _line,
    "curved sketch": _curved,
    "three refinements": _deeper,
    "both": _all,
    "both, and more bends": dict(_all, train_dataloader=dict(dataset=_with_bends)),
}

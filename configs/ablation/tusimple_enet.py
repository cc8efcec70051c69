"""Does SAD help on real roads? ENet at 96x160 on TuSimple's frames, from nothing.

Run:  OMP_NUM_THREADS=1 lanedet ablate ablation/tusimple_enet --seeds 3 --jobs 2

Trained on 0313 and 0601, scored on 0531 by the benchmark's rules. Copies of the frames
of any size will do, the labels are those of 1280x720. A quarter of the paper's rows and
columns, and 14 epochs of 1,765 frames, are what two CPU cores can do for several seeds.

All rows see the same data for the same number of iterations, at the same learning
rates: what the iterations with SAD are worth without it, the plain row tells. The
weights of SAD are for AdamW, with which the paper's 0.1 is much
(sad/enet_sad_scenes.py).
"""

from mmengine.config import read_base

from lanedet.models import DeepSupervision, SelfAttentionDistiller, sad_preset
from lanedet.ops import StretchView

with read_base():
    from .sad import *
    from .._base_.schedules.adamw import *

model.update(view=dict(type=StretchView, input_shape=(96, 160)))
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader["dataset"].update(data_root="data/tusimple", label_shape=(720, 1280))
test_dataloader["dataset"].update(ann_files=["label_data_0531.json"])
for _evaluator in (val_evaluator, test_evaluator):
    _evaluator.update(pixel_threshold=20.0)
train_cfg.update(max_iters=3000, val_interval=3000)

_sad = dict(type=SelfAttentionDistiller, weight=0.01)
# SAD is standardised with L2 on P23 + P34 and the weight 0.01, from 2/3 of training on,
# where the title does not say otherwise.
_rows = {
    "plain": None,
    "SAD, weight 0.1": dict(_sad, weight=0.1),
    "SAD": _sad,
    "SAD, weight 0.001": dict(_sad, weight=0.001),
    "start at 1/2": dict(_sad, start=1 / 2),
    "start at 1/3": dict(_sad, start=1 / 3),
    "SAD as printed": dict(type=sad_preset, name="paper"),
    "KL": dict(_sad, divergence="kl"),
    "P12": dict(_sad, paths=[("E1", "E2")]),
    "P13": dict(_sad, paths=[("E1", "E3")]),
    "P34": dict(_sad, paths=[("E3", "E4")]),
    "backward, P32 + P43": dict(_sad, paths=[("E3", "E2"), ("E4", "E3")]),
    "deep supervision": dict(type=DeepSupervision, stages=["E1", "E2", "E3"]),
}

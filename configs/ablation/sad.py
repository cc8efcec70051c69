"""What each part of SAD does: the ablation of https://arxiv.org/abs/1908.00821.

Run:  lanedet scenes data/scenes --num 3000 --seed 0
      lanedet ablate ablation/sad --seeds 3

ENet-SAD on generated scenes, 96x160, small enough for a CPU. Every row of the table is
this experiment with another distiller. Before its distillation begins, a row is the
plain model, so it goes on from a checkpoint of the plain run of its seed: the same
numbers as in a run of its own, and rows of a seed differ in nothing but the distiller.

The weight of SAD is the paper's 0.1 throughout. The optimiser is the paper's, SGD with
Nesterov momentum and a learning rate that falls by the power 0.9; the learning rate is
higher and there is a warm-up, because the network starts from nothing and has 900
iterations, not 60,000.
"""

from mmengine.config import read_base
from mmengine.optim import LinearLR

from lanedet.models import (
    AttentionGenerator,
    DeepSupervision,
    SelfAttentionDistiller,
    sad_preset,
)
from lanedet.ops import LaneDecoder

with read_base():
    from .._base_.datasets.scenes import *
    from .._base_.default_runtime import *
    from .._base_.models.enet_sad import *
    from .._base_.schedules.sgd import *

_view.update(input_shape=(96, 160))
model.update(view=_view, distiller=None)
model["head"].update(
    num_lanes=_num_lanes, decoder=dict(type=LaneDecoder, smoothing=3, row_step=1)
)
_labels.update(lane_width_px=3)
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader.update(num_workers=0, persistent_workers=False)
train_dataloader["dataset"].update(
    pipeline=[_load_image, _apply_view, _augment, _labels, _to_tensors]
)
train_cfg.update(max_iters=900, val_interval=900)
optim_wrapper.update(optimizer=dict(lr=0.1), clip_grad=dict(max_norm=5.0))
param_scheduler = [
    dict(type=LinearLR, start_factor=0.01, begin=0, end=50, by_epoch=False),
    dict(type=PolyLR, power=0.9, eta_min=0.0, begin=50, by_epoch=False),
]

_sad = dict(type=SelfAttentionDistiller)
_mean = dict(type=AttentionGenerator, mapping="mean", energy_norm="none")

# Title of the row: its distiller. SAD is standardised with L2 on P23 + P34 from 2/3 of
# training on where the title does not say otherwise. Pmn: stage m mimics stage n.
_rows = {
    "plain": None,
    "SAD as printed": dict(type=sad_preset, name="paper"),
    "SAD, standardised, L2": _sad,
    "SAD, standardised, KL": dict(_sad, divergence="kl"),
    "SAD, mean over channels": dict(_sad, attention=_mean),
    "P12": dict(_sad, paths=[("E1", "E2")]),
    "P13": dict(_sad, paths=[("E1", "E3")]),
    "P14": dict(_sad, paths=[("E1", "E4")]),
    "P23": dict(_sad, paths=[("E2", "E3")]),
    "P24": dict(_sad, paths=[("E2", "E4")]),
    "P34": dict(_sad, paths=[("E3", "E4")]),
    "P24 + P34": dict(_sad, paths=[("E2", "E4"), ("E3", "E4")]),
    "backward, P32 + P43": dict(_sad, paths=[("E3", "E2"), ("E4", "E3")]),
    "deep supervision": dict(type=DeepSupervision, stages=["E1", "E2", "E3"]),
    "start at 1/3": dict(_sad, start=1 / 3),
    "start at 1/2": dict(_sad, start=1 / 2),
}

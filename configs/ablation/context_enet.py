"""Free at inference against paid at inference: SAD beside attention, ENet at 64x176.

Run:  OMP_NUM_THREADS=1 lanedet ablate ablation/context_enet --seeds 3

The experiment of roadscenes_enet.py. SAD and deep supervision cost nothing when the
network predicts; each other row pays for a layer behind E4, the deepest stage, by which
its pixels see one another, or for a convolution, which is what the same multiplications
buy without attention. The last two rows ask where attention belongs, and whether SAD
still has something to give where it is.

No row has been run yet.
"""

from mmengine.config import read_base

from lanedet.models import DeepSupervision

with read_base():
    from .roadscenes_enet import *
    from .._base_.models.context_layers import *

_sad = _rows["SAD"]
_local = _layers["local 7x7"]
_layers["attention, relative"].update(size=(8, 22))  # E4 at 64x176
_rows = {
    "plain": None,
    "SAD": _sad,
    "deep supervision": dict(type=DeepSupervision, stages=["E2", "E3", "E4"]),
    **{
        title: dict(backbone=dict(context=dict(E4=layer)))
        for title, layer in _layers.items()
    },
    "local 7x7 at E1": dict(backbone=dict(context=dict(E1=_local))),
    "local 7x7 and SAD": dict(backbone=dict(context=dict(E4=_local)), distiller=_sad),
}

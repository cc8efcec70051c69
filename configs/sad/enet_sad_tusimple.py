"""ENet-SAD on TuSimple, 368x640, as in the paper (https://arxiv.org/abs/1908.00821).

Expected: accuracy 96.64 %, FP 0.0602, FN 0.0205 in the paper, as quoted in
          https://github.com/cardwing/Codes-for-Lane-Detection.

1,800 iterations, SAD from 1,200 on, as the first author says (issue 340 there). For
Eq. (1) as it is printed, with raw energies, import ``sad_preset`` from
``lanedet.models`` and set ``model["distiller"] = dict(type=sad_preset, name="paper")``.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.tusimple import *
    from .._base_.default_runtime import *
    from .._base_.models.enet_sad import *
    from .._base_.schedules.sgd import *

model.update(_authors_colors, view=_view)
model["head"].update(num_lanes=_num_lanes)
train_cfg.update(max_iters=1800, val_interval=300)

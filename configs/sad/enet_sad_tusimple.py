"""ENet-SAD on TuSimple, 368x640, as in the paper (https://arxiv.org/abs/1908.00821).

Run:      lanedet train sad/enet_sad_tusimple
Expected: accuracy 96.64 %, FP 0.0602, FN 0.0205 is what the paper reports, as in
          https://github.com/cardwing/Codes-for-Lane-Detection. We have not measured it.

The network is that of _base_/models/enet_sad.py, the recipe that of
_base_/schedules/sgd.py, for 1,800 iterations, with SAD from iteration 1,200 on
(https://github.com/cardwing/Codes-for-Lane-Detection/issues/340).

For Eq. (1) as it is printed, with raw energies, import ``sad_preset`` from
``lanedet.models`` and set ``model["distiller"] = dict(type=sad_preset, name="paper")``.
docs/sad.md shows what that does.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.tusimple import *
    from .._base_.default_runtime import *
    from .._base_.models.enet_sad import *
    from .._base_.schedules.sgd import *

model.update(view=_view)
model["head"].update(num_lanes=_num_lanes)
# RGB in [0, 255]; the authors' numbers, which are in [0, 1].
model.update(mean=(91.75, 93.15, 93.38), std=(65.61, 67.91, 70.28))
train_cfg.update(max_iters=1800, val_interval=300)

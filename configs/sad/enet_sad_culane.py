"""ENet-SAD on CULane, 288x800, as in the paper (https://arxiv.org/abs/1908.00821).

Run:      lanedet train sad/enet_sad_culane
Expected: F1 70.8 % is what the paper reports, as in
          https://github.com/InhwanBae/ENet-SAD_Pytorch. We have not measured it. The
          72.0 % of the authors' repository belong to other inputs: 208x976 without the
          upper part of the image.

The network is that of _base_/models/enet_sad.py, the recipe that of
_base_/schedules/sgd.py, with SAD from iteration 40,000 on (Fig. 2).
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.culane import *
    from .._base_.default_runtime import *
    from .._base_.models.enet_sad import *
    from .._base_.schedules.sgd import *

model.update(view=_view)
model["head"].update(num_lanes=_num_lanes)
# RGB in [0, 255]; the authors' numbers, which are in [0, 1].
model.update(mean=(91.75, 93.15, 93.38), std=(65.61, 67.91, 70.28))
default_hooks["checkpoint"].update(save_best="culane/f1")

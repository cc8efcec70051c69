"""ENet-SAD on BDD100K, 360x640, as in the paper (https://arxiv.org/abs/1908.00821).

Run:      lanedet train sad/enet_sad_bdd100k
Expected: accuracy 36.56 %, IoU 16.02 % is what the paper reports, as in
          https://github.com/cardwing/Codes-for-Lane-Detection. We have not measured it.
          Here they are sad_accuracy and sad_iou.

The network is that of _base_/models/enet_sad.py, the recipe that of
_base_/schedules/sgd.py, with SAD from iteration 40,000 on. The batch is that of the
other data sets; the authors' script for BDD100K has 4. When SAD starts is not known for
BDD100K: here after two thirds, as on the other data sets. All lanes are one class, and
there is no existence branch, as in that script.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.bdd100k import *
    from .._base_.default_runtime import *
    from .._base_.models.enet_sad import *
    from .._base_.schedules.sgd import *

model.update(view=_view)
model["head"].update(_head, num_lanes=_num_lanes)
# RGB in [0, 255]; the authors' numbers, which are in [0, 1].
model.update(mean=(91.75, 93.15, 93.38), std=(65.61, 67.91, 70.28))
default_hooks["checkpoint"].update(save_best="bdd100k/sad_iou")

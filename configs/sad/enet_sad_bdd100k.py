"""ENet-SAD on BDD100K, 360x640, as in the paper (https://arxiv.org/abs/1908.00821).

Expected: accuracy 36.56 %, IoU 16.02 % (here sad_accuracy, sad_iou) in the paper, as
          quoted in https://github.com/cardwing/Codes-for-Lane-Detection.

The batch is that of the other data sets; the authors' script for BDD100K has 4. When
SAD starts is not known for BDD100K: here after two thirds, as on the others.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.bdd100k import *
    from .._base_.default_runtime import *
    from .._base_.models.enet_sad import *
    from .._base_.schedules.sgd import *

model.update(_authors_colors, view=_view)
model["head"].update(_head, num_lanes=_num_lanes)
default_hooks["checkpoint"].update(save_best="bdd100k/sad_iou")

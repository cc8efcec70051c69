"""ENet-SAD on CULane, 288x800, as in the paper (https://arxiv.org/abs/1908.00821).

Expected: F1 70.8 % in the paper, as quoted in
          https://github.com/InhwanBae/ENet-SAD_Pytorch. The 72.0 % of the authors'
          repository are of 208x976 without the upper part of the image.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.culane import *
    from .._base_.default_runtime import *
    from .._base_.models.enet_sad import *
    from .._base_.schedules.sgd import *

model.update(_authors_colors, view=_view)
model["head"].update(num_lanes=_num_lanes)
default_hooks["checkpoint"].update(save_best="culane/f1")

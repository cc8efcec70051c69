"""ResNet-18 with SAD on TuSimple, 368x640, as far as the paper says.

Run:      lanedet train sad/resnet18_sad_tusimple
Expected: not known. The paper's number could not be checked, so none is given, and we
          have not measured it.

The network is that of _base_/models/resnet18_sad.py, the recipe that of
_base_/schedules/sgd.py, for 1,800 iterations, with SAD from iteration 1,200 on
(https://github.com/cardwing/Codes-for-Lane-Detection/issues/340).

Torchvision's ImageNet weights are fetched. Where nothing can be fetched, add
--cfg-options model.backbone.weights=None.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.tusimple import *
    from .._base_.default_runtime import *
    from .._base_.models.resnet18_sad import *
    from .._base_.schedules.sgd import *

model.update(view=_view)
model["head"].update(num_lanes=_num_lanes)
train_cfg.update(max_iters=1800, val_interval=300)

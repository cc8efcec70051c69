"""ResNet-18 with SAD on CULane, 288x800, as far as the paper says.

Run:      lanedet train sad/resnet18_sad_culane
Expected: not known. The paper's number could not be checked, so none is given, and we
          have not measured it.

The network is that of _base_/models/resnet18_sad.py, the recipe that of
_base_/schedules/sgd.py, with SAD from iteration 40,000 on (Fig. 2).

Torchvision's ImageNet weights are fetched. Where nothing can be fetched, add
--cfg-options model.backbone.weights=None.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.culane import *
    from .._base_.default_runtime import *
    from .._base_.models.resnet18_sad import *
    from .._base_.schedules.sgd import *

model.update(view=_view)
model["head"].update(num_lanes=_num_lanes)
default_hooks["checkpoint"].update(save_best="culane/f1")

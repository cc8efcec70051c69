"""ResNet-18 with SAD on BDD100K, 360x640, as far as the paper says.

Run:      lanedet train sad/resnet18_sad_bdd100k
Expected: not known. The paper's number could not be checked, so none is given, and we
          have not measured it.

The network is that of _base_/models/resnet18_sad.py, the recipe that of
_base_/schedules/sgd.py, with SAD from iteration 40,000 on. The batch is that of the
other data sets; the authors' script for BDD100K has 4. When SAD starts is not known for
BDD100K: here after two thirds, as on the other data sets. All lanes are one class, and
there is no existence branch, as in that script.

Torchvision's ImageNet weights are fetched. Where nothing can be fetched, add
--cfg-options model.backbone.weights=None.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.bdd100k import *
    from .._base_.default_runtime import *
    from .._base_.models.resnet18_sad import *
    from .._base_.schedules.sgd import *

model.update(view=_view)
model["head"].update(_head, num_lanes=_num_lanes)
default_hooks["checkpoint"].update(save_best="bdd100k/sad_iou")

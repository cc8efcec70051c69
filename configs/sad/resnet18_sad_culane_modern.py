"""ResNet-18 with SAD on CULane, 288x800, by a stronger recipe (--amp).

As enet_sad_culane_modern.py, after resnet18_culane.py beside that file. The first
convolution of the head is 3x3 here, there 1x1.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_culane_modern import *
    from .._base_.models.resnet18_sad import *

model.update(view=_view)
model["head"].update(num_lanes=_num_lanes, losses=dict(iou=None))
optim_wrapper["optimizer"].update(lr=0.2)

"""ResNet-18 with SAD on TuSimple, 368x640, by a stronger recipe (--amp).

As enet_sad_tusimple_modern.py, after resnet18_tusimple.py beside that file. The first
convolution of the head is 3x3 here, there 1x1.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_tusimple_modern import *
    from .._base_.models.resnet18_sad import *

model.update(view=_view)
model["head"].update(num_lanes=_num_lanes, losses=dict(iou=None))
optim_wrapper["optimizer"].update(lr=0.2)

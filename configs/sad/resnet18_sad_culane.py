"""ResNet-18 with SAD on CULane, 288x800, as far as the paper says."""

from mmengine.config import read_base

with read_base():
    from .enet_sad_culane import *
    from .._base_.models.resnet18_sad import *

model.update(view=_view)
model["head"].update(num_lanes=_num_lanes)

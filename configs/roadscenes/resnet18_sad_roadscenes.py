"""ResNet-18 with SAD on RoadScenes, 288x800.

Training begins from nothing, as ENet's does: neither is there anything to fetch, nor is
its licence another's.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_roadscenes import *
    from .._base_.models.resnet18_sad import *

model.update(view=_view)
model["backbone"].update(weights=None)
model["head"].update(num_lanes=_num_lanes)
model["distiller"].update(weight=0.02, start=0.5, ramp=0.2)
optim_wrapper["optimizer"].update(lr=1e-3)

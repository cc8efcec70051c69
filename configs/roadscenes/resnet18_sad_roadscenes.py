"""ResNet-18 with SAD on RoadScenes, 288x800.

Run:      lanedet train roadscenes/resnet18_sad_roadscenes
Expected: not measured yet.

The recipe is that of enet_sad_scenes.py, longer: AdamW, and for it a weight of SAD of
0.02 rather than the paper's 0.1 (https://arxiv.org/abs/1908.00821).
resnet18_plain_roadscenes.py is what to compare it with.

The stride is 8 by dilation, as in resnet18_sad_culane.py. Training begins from nothing,
as ENet's does: neither is there anything to fetch, nor is its licence another's.
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

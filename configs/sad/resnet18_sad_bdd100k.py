"""ResNet-18 with SAD on BDD100K, 360x640, as far as the paper says."""

from mmengine.config import read_base

with read_base():
    from .enet_sad_bdd100k import *
    from .._base_.models.resnet18_sad import *

model.update(view=_view)
model["head"].update(_head, num_lanes=_num_lanes)

"""A line head on ResNet-18, with SAD, on BDD100K, 360x640."""

from mmengine.config import read_base

with read_base():
    from .enet_sad_bdd100k import *
    from .._base_.models.resnet18_line import *

model.update(view=_view)
model["head"].update(drawn_width=8 / 1280)

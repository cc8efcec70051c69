"""A line head on ResNet-18, with SAD, on RoadScenes, 288x800."""

from mmengine.config import read_base

with read_base():
    from .enet_sad_roadscenes import *
    from .._base_.models.resnet18_line import *

model.update(view=_view)

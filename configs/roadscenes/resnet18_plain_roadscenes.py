"""ResNet-18 without SAD on RoadScenes, 288x800."""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_roadscenes import *

model.update(distiller=None)

"""ResNet-18 without SAD on RoadScenes, 288x800.

Run:      lanedet train roadscenes/resnet18_plain_roadscenes
Expected: not measured yet.

What to compare resnet18_sad_roadscenes.py with: the recipe is the same.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_roadscenes import *

model.update(distiller=None)

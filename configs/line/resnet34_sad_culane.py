"""A line head on ResNet-34, with SAD, on CULane, 320x800.

Run:      lanedet train line/resnet34_sad_culane
Expected: not measured. resnet18_sad_culane.py says what is published.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_culane import *

model["backbone"].update(depth=34)

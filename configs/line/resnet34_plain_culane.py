"""A line head on ResNet-34, without SAD, on CULane, 320x800.

Run:      lanedet train line/resnet34_plain_culane
Expected: not measured. resnet18_sad_culane.py says what is published.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_plain_culane import *

model["backbone"].update(depth=34)

"""A line head on ResNet-34, without SAD, on CULane, 320x800.

Run:      lanedet train line/resnet34_plain_culane
Kin:      Published: F1 80.92 for Polar R-CNN with ResNet-34, without SAD (its README).
Expected: not measured.

resnet18_plain_culane.py with the deeper network.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_plain_culane import *

model["backbone"].update(depth=34)

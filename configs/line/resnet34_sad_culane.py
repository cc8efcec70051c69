"""A line head on ResNet-34, with SAD, on CULane, 320x800.

Run:      lanedet train line/resnet34_sad_culane
Kin:      Published: F1 80.92 for Polar R-CNN with ResNet-34, without SAD (its README).
          Of SAD and a line head together nothing is published.
Expected: not measured.

resnet18_sad_culane.py with the deeper network.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_culane import *

model["backbone"].update(depth=34)

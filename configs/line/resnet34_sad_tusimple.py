"""A line head on ResNet-34, with SAD, on TuSimple, 320x800.

Run:      lanedet train line/resnet34_sad_tusimple
Kin:      Published: F1 97.94 for Polar R-CNN with ResNet-18 and without SAD (its
          README). Of SAD and a line head together nothing is published.
Expected: not measured.

resnet18_sad_tusimple.py with the deeper network.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_tusimple import *

model["backbone"].update(depth=34)

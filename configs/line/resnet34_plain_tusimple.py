"""A line head on ResNet-34, without SAD, on TuSimple, 320x800.

Run:      lanedet train line/resnet34_plain_tusimple
Kin:      Published: F1 97.94 for Polar R-CNN with ResNet-18 and without SAD (its
          README). Of SAD and a line head together nothing is published.
Expected: not measured.

resnet18_plain_tusimple.py with the deeper network.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_plain_tusimple import *

model["backbone"].update(depth=34)

"""A line head on ResNet-34, without SAD, on TuSimple, 320x800.

Run:      lanedet train line/resnet34_plain_tusimple
Expected: not measured. resnet18_sad_tusimple.py says what is published.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_plain_tusimple import *

model["backbone"].update(depth=34)

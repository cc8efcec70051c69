"""ResNet-34 with SAD on CULane, 288x800, by a stronger recipe than the paper's.

Run:      lanedet train sad/resnet34_sad_culane_modern --amp
Expected: not known; F1 69.82 % without SAD (resnet34_plain_culane_modern.py).
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_culane_modern import *

model["backbone"].update(depth=34)

"""ResNet-34 with SAD on TuSimple, 368x640, by a stronger recipe than the paper's.

Run:      lanedet train sad/resnet34_sad_tusimple_modern --amp
Expected: not known; accuracy 95.23 % without SAD (resnet34_plain_tusimple_modern.py).
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_tusimple_modern import *

model["backbone"].update(depth=34)

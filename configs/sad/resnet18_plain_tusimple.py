"""ResNet-18 on TuSimple, 368x640, without SAD: the paper's baseline.

Run:      lanedet train sad/resnet18_plain_tusimple
Expected: not known.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_tusimple import *

model.update(distiller=None)

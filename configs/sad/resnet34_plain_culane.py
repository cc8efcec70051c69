"""ResNet-34 on CULane, 288x800, without SAD: the paper's baseline.

Run:      lanedet train sad/resnet34_plain_culane
Expected: not known.
"""

from mmengine.config import read_base

with read_base():
    from .resnet34_sad_culane import *

model.update(distiller=None)

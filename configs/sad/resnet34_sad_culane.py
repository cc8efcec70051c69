"""ResNet-34 with SAD on CULane, 288x800, as far as the paper says.

Run:      lanedet train sad/resnet34_sad_culane
Expected: not known. The paper's number could not be checked, so none is given, and we
          have not measured it.

resnet18_sad_culane.py with a deeper network.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_culane import *

model["backbone"].update(depth=34)

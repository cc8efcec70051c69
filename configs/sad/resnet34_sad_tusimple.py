"""ResNet-34 with SAD on TuSimple, 368x640, as far as the paper says.

Run:      lanedet train sad/resnet34_sad_tusimple
Expected: not known. The paper's number could not be checked, so none is given, and we
          have not measured it.

resnet18_sad_tusimple.py with a deeper network.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_tusimple import *

model["backbone"].update(depth=34)

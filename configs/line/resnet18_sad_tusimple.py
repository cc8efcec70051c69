"""A line head on ResNet-18, with SAD, on TuSimple, 320x800.

enet_sad_tusimple.py says what is published of ResNet-18 without SAD.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_tusimple import *
    from .._base_.models.resnet18_line import *

model.update(view=_view)
model["head"].update(num_slots=5)

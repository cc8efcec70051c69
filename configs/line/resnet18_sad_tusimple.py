"""A line head on ResNet-18, with SAD, on TuSimple, 320x800.

Run:      lanedet train line/resnet18_sad_tusimple
Kin:      Published: F1 97.94 for Polar R-CNN with ResNet-18 and without SAD (its
          README). Of SAD and a line head together nothing is published.
Expected: not measured.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_tusimple import *
    from .._base_.models.resnet18_line import *

model.update(view=_view)
model["head"].update(num_slots=5)

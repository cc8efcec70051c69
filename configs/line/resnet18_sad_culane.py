"""A line head on ResNet-18, with SAD, on CULane, 320x800.

Run:      lanedet train line/resnet18_sad_culane
Kin:      Published: F1 80.81 for Polar R-CNN and 79.73 for SRLane, both with
          ResNet-18 and without SAD (their READMEs). Of SAD and a line head
          together nothing is published.
Expected: not measured.

The recipe is that of enet_sad_culane.py, the network that of
_base_/models/resnet18_line.py.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_culane import *
    from .._base_.models.resnet18_line import *

model.update(view=dict(type=StretchView, input_shape=(320, 800), crop_top=270 / 590))

"""A line head on ResNet-18, with SAD, on CULane, 320x800.

Published, without SAD: F1 80.81 for Polar R-CNN and 79.73 for SRLane with ResNet-18,
80.92 for Polar R-CNN with ResNet-34 (their READMEs). Of SAD and a line head together
nothing is.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_culane import *
    from .._base_.models.resnet18_line import *

model.update(view=_view)

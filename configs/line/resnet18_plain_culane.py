"""A line head on ResNet-18, without SAD, on CULane, 320x800.

Run:      lanedet train line/resnet18_plain_culane
Expected: not measured. resnet18_sad_culane.py says what is published.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_culane import *

model.update(distiller=[_segmentation])

"""A line head on ENet's encoder, without SAD, on CULane, 320x800.

Run:      lanedet train line/enet_plain_culane
Kin:      Published: F1 80.81 for Polar R-CNN and 79.73 for SRLane, both with
          ResNet-18 and without SAD (their READMEs). Of ENet, SAD and a line head
          together nothing is published.
Expected: not measured.

What to compare enet_sad_culane.py with: the recipe is the same.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_culane import *

model.update(distiller=[_segmentation])

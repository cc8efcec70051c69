"""A line head on ResNet-18, without SAD, on TuSimple, 320x800.

Run:      lanedet train line/resnet18_plain_tusimple
Kin:      Published: F1 97.94 for Polar R-CNN with ResNet-18 and without SAD (its
          README). Of SAD and a line head together nothing is published.
Expected: not measured.

What to compare resnet18_sad_tusimple.py with: the recipe is the same.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_tusimple import *

model.update(distiller=[_segmentation])

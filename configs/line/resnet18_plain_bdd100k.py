"""A line head on ResNet-18, without SAD, on BDD100K, 360x640.

Run:      lanedet train line/resnet18_plain_bdd100k
Kin:      Nothing is published of a line head by SAD's rules for BDD100K.
Expected: not measured.

What to compare resnet18_sad_bdd100k.py with: the recipe is the same.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_bdd100k import *

model.update(distiller=[_segmentation])

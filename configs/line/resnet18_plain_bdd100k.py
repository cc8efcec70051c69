"""A line head on ResNet-18, without SAD, on BDD100K, 360x640.

Run:      lanedet train line/resnet18_plain_bdd100k
Expected: not measured.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_bdd100k import *

model.update(distiller=[_segmentation])

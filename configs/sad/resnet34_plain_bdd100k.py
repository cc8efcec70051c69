"""ResNet-34 on BDD100K, 360x640, without SAD: the paper's baseline.

Run:      lanedet train sad/resnet34_plain_bdd100k
Expected: not known.
"""

from mmengine.config import read_base

with read_base():
    from .resnet34_sad_bdd100k import *

model.update(distiller=None)

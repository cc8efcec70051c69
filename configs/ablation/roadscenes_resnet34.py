"""Does SAD help on RoadScenes? ResNet-34 at 64x176, plain and with SAD.

Run:  OMP_NUM_THREADS=1 lanedet ablate ablation/roadscenes_resnet34 --seeds 1

roadscenes_resnet18.py with a deeper network.
"""

from mmengine.config import read_base

with read_base():
    from .roadscenes_resnet18 import *

model["backbone"].update(depth=34)

"""ENet without SAD on RoadScenes, 144x400, small enough for a CPU.

Run:      lanedet train roadscenes/enet_plain_roadscenes_small
Expected: not measured yet.

What to compare enet_sad_roadscenes_small.py with: the recipe is the same. As in the
paper's Fig. 3 (https://arxiv.org/abs/1908.00821), SAD adds a stage E4 to the network.
For what it does beyond that, train the other with --cfg-options model.distiller=None.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_roadscenes_small import *

model.update(backbone=dict(extra_stage=False), distiller=None)
model["head"]["existence_branch"].update(stage="E3")

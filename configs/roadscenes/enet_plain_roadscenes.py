"""ENet without SAD on RoadScenes, 288x800.

Run:      lanedet train roadscenes/enet_plain_roadscenes
Expected: not measured yet.

What to compare enet_sad_roadscenes.py with: the recipe is the same. As in the paper's
Fig. 3 (https://arxiv.org/abs/1908.00821), SAD adds a stage E4 to the network. For what
it does beyond that, train the other with --cfg-options model.distiller=None.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_roadscenes import *

model.update(backbone=dict(extra_stage=False), distiller=None)
model["head"]["existence_branch"].update(stage="E3")

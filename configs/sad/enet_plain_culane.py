"""ENet on CULane, 288x800, without SAD: the paper's baseline.

Run:      lanedet train sad/enet_plain_culane
Expected: not known. The paper's number could not be checked, so none is given, and we
          have not measured it. With enet_plain_culane_modern.py others report 69.39 %.

enet_sad_culane.py without SAD and without the stage E4 that SAD adds; the existence
branch reads E3. For what SAD does beyond E4, train the other with --cfg-options
model.distiller=None.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_culane import *

model.update(backbone=dict(extra_stage=False), distiller=None)
model["head"]["existence_branch"].update(stage="E3")

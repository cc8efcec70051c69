"""ENet on TuSimple, 368x640, without SAD: the paper's baseline.

Run:      lanedet train sad/enet_plain_tusimple
Expected: not known. The paper's number could not be checked, so none is given, and we
          have not measured it. The authors' own plain ENet has 94.87 % with further
          steps behind it (https://github.com/cardwing/Codes-for-Lane-Detection,
          ENet-TuSimple-Torch). With enet_plain_tusimple_modern.py others report
          95.55 %.

enet_sad_tusimple.py without SAD and without the stage E4 that SAD adds; the existence
branch reads E3. For what SAD does beyond E4, train the other with --cfg-options
model.distiller=None.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_tusimple import *

model.update(backbone=dict(extra_stage=False), distiller=None)
model["head"]["existence_branch"].update(stage="E3")

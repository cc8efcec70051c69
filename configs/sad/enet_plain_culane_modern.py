"""ENet on CULane, 288x800, without SAD, by a stronger recipe than the paper's.

Run:      lanedet train sad/enet_plain_culane_modern --amp
Expected: F1 69.39 %, the mean of the runs that
          https://github.com/voldemortX/pytorch-auto-drive reports. We have not measured
          it.

enet_sad_culane_modern.py without SAD and without the stage E4 that SAD adds; the
existence branch reads E3. For what SAD does beyond E4, train the other with
--cfg-options model.distiller=None.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_culane_modern import *

model.update(backbone=dict(extra_stage=False), distiller=None)
model["head"]["existence_branch"].update(stage="E3")

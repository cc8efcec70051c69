"""ENet on BDD100K, 360x640, without SAD: the paper's baseline.

Run:      lanedet train sad/enet_plain_bdd100k
Expected: accuracy 34.12 %, IoU 14.64 % is what the paper reports, as in
          https://github.com/hustvl/YOLOP. We have not measured it. Here they are
          sad_accuracy and sad_iou.

enet_sad_bdd100k.py without SAD and without the stage E4 that SAD adds. For what SAD
does beyond E4, train the other with --cfg-options model.distiller=None.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_bdd100k import *

model.update(backbone=dict(extra_stage=False), distiller=None)

"""ENet on BDD100K, 360x640, without SAD and its stage E4: the paper's baseline.

Expected: accuracy 34.12 %, IoU 14.64 % (here sad_accuracy, sad_iou) in the paper, as
          quoted in https://github.com/hustvl/YOLOP.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_bdd100k import *

model.update(backbone=dict(extra_stage=False), distiller=None)

"""ResNet-18 with SAD on CULane, 288x800, by a stronger recipe than the paper's.

Run:      lanedet train sad/resnet18_sad_culane_modern --amp
Expected: not known. Nobody has published SAD with this recipe, and we have not measured
          it. Without SAD it is said to give F1 65.19 %
          (resnet18_plain_culane_modern.py).

The recipe is that of _base_/schedules/sgd_warm_up.py, for 12 epochs of 88,880 images in
batches of 20, with a learning rate of 0.2, after
https://github.com/voldemortX/pytorch-auto-drive
(configs/lane_detection/baseline/resnet18_culane.py). What differs: the first
convolution of the head, which is 3x3 instead of 1x1. SAD is added to it as in the paper
(https://arxiv.org/abs/1908.00821): weight 0.1, for the last third.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_sad_culane import *
    from .._base_.schedules.sgd_warm_up import *

model["head"].update(losses=dict(iou=None))
_apply_view["motion"].update(rotate_deg=(-3, 3))
train_dataloader.update(batch_size=20)
train_dataloader["dataset"].update(
    pipeline=[_load_image, _apply_view, _labels, _to_tensors]
)

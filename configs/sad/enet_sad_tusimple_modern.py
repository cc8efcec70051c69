"""ENet-SAD on TuSimple, 368x640, by a stronger recipe (--amp).

50 epochs of 3,268 images, after pytorch-auto-drive's enet_tusimple.py
(_base_/schedules/sgd_warm_up.py), with SAD as in the paper. 368 rows instead of 360,
because the existence branch needs multiples of 16.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_tusimple import *
    from .._base_.schedules.sgd_warm_up import *

del model["mean"], model["std"]  # back to ImageNet's
model["head"].update(losses=dict(iou=None))
_apply_view["motion"].update(rotate_deg=(-3, 3))
train_dataloader.update(batch_size=20)
train_dataloader["dataset"].update(
    pipeline=[_load_image, _apply_view, _labels, _to_tensors]
)
optim_wrapper["optimizer"].update(lr=0.4)
train_cfg.update(max_iters=8170, val_interval=817)

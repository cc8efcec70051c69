"""ENet-SAD on CULane, 288x800, by a stronger recipe (--amp).

After pytorch-auto-drive's enet_culane.py (_base_/schedules/sgd_warm_up.py), with SAD
as in the paper.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_culane import *
    from .._base_.schedules.sgd_warm_up import *

del model["mean"], model["std"]  # back to ImageNet's
model["head"].update(losses=dict(iou=None))
_apply_view["motion"].update(rotate_deg=(-3, 3))
train_dataloader.update(batch_size=20)
train_dataloader["dataset"].update(
    pipeline=[_load_image, _apply_view, _labels, _to_tensors]
)
optim_wrapper["optimizer"].update(lr=0.5)

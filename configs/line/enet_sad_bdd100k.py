"""A line head on ENet's encoder, with SAD, on BDD100K, 360x640.

Lanes in the class map, which the metric reads, are drawn as wide as its labels: 8
pixels of 1280. 12 epochs of 60,000 images. Of a line head by SAD's rules for BDD100K
nothing is published.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.bdd100k import *
    from .._base_.datasets.lines import *
    from .._base_.default_runtime import *
    from .._base_.models.enet_line import *
    from .._base_.schedules.line import *

model.update(view=_view)
model["head"].update(drawn_width=8 / 1280)
_apply_view["motion"] = _line_motion
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader.update(batch_size=40, num_workers=8)
train_dataloader["dataset"].update(
    pipeline=[_load_image, _apply_view, _augment, _labels, _lines, _to_tensors],
)
train_cfg.update(max_iters=18_000, val_interval=1_500)  # 12 epochs
default_hooks["checkpoint"].update(save_best="bdd100k/sad_iou")

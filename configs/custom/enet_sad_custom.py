"""ENet-SAD on your own pictures, 288x512, any number of lanes.

Run:  lanedet convert pictures/ --from labelme --to tusimple --out data/custom
      lanedet train custom/enet_sad_custom

The number of lanes is ``_num_lanes`` in configs/_base_/datasets/custom.py, the length
of the training ``max_iters`` below. The recipe is that of enet_sad_scenes.py, whose
docstring says why it is not the paper's. docs/custom-data.md walks through all of it.
"""

from mmengine.config import read_base

with read_base():
    from ..sad.enet_sad_scenes import *
    from .._base_.datasets.custom import *

model.update(view=_view)
model["head"].update(num_lanes=_num_lanes)
train_cfg.update(max_iters=3000, val_interval=250)
default_hooks["checkpoint"].update(interval=250)

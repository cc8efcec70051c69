"""ENet-SAD on real and generated roads together, 192x336, for any dashcam.

Expected: not known from nothing. The package's weights, from runs of it that began
          with those of enet_sad_diverse, reach accuracy 0.949 on 40 of TuSimple's
          test frames (docs/results.md).

The recipe is that of enet_sad_diverse.py, on frames of TuSimple beside scenes. What
lies where: _base_/datasets/roads.py.
"""

from mmengine.config import read_base

with read_base():
    from .enet_sad_diverse import *
    from .._base_.datasets.roads import *

model.update(view=_view)
train_cfg.update(max_iters=5000, val_interval=1000)

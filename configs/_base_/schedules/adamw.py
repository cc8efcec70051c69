"""AdamW and one cycle of the learning rate, for trainings that are short.

The learning rate is the highest of the cycle. A config says how long it trains.
"""

from mmengine.optim import OneCycleLR, OptimWrapper
from torch.optim import AdamW

from lanedet.engine import LaneTrainLoop

train_cfg = dict(type=LaneTrainLoop)
optim_wrapper = dict(
    type=OptimWrapper,
    optimizer=dict(type=AdamW, lr=3e-3, weight_decay=1e-2),
    clip_grad=dict(max_norm=5.0),
)
_one_cycle = dict(type=OneCycleLR, pct_start=0.1, by_epoch=False)
param_scheduler = [_one_cycle]

"""The paper's: SGD, learning rate 0.01 falling by the power 0.9, 60,000 iterations.

Section 4 of https://arxiv.org/abs/1908.00821 and its authors' scripts: Nesterov
momentum 0.9, weight decay 1e-4, batch 12.
"""

from mmengine.optim import OptimWrapper, PolyLR
from torch.optim import SGD

from lanedet.engine import LaneTrainLoop

train_cfg = dict(type=LaneTrainLoop, max_iters=60_000, val_interval=5000)
optim_wrapper = dict(
    type=OptimWrapper,
    optimizer=dict(type=SGD, lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-4),
)
param_scheduler = [dict(type=PolyLR, power=0.9, eta_min=0.0, begin=0, by_epoch=False)]

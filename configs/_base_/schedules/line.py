"""AdamW and a cosine, as line detectors are trained.

Polar R-CNN (https://github.com/ShqWW/PolarRCNN at 7cc0c09): learning rate 6e-4 after
800 iterations of warm-up, 40 images. A config says how long it trains.
"""

from mmengine.optim import CosineAnnealingLR, LinearLR, OptimWrapper
from torch.optim import AdamW

from lanedet.engine import LaneTrainLoop

train_cfg = dict(type=LaneTrainLoop)
optim_wrapper = dict(
    type=OptimWrapper,
    optimizer=dict(type=AdamW, lr=6e-4, weight_decay=1e-2),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type=LinearLR, start_factor=0.01, begin=0, end=800, by_epoch=False),
    dict(type=CosineAnnealingLR, begin=800, by_epoch=False),
]

"""Large learning rates, after 200 iterations of warm-up.

That of the strongest published baselines without SAD that we know,
https://github.com/voldemortX/pytorch-auto-drive (configs/lane_detection/baseline): SGD
with momentum 0.9, weight decay 1e-4, a learning rate that falls by the power 0.9, for
CULane 12 epochs of 88,880 images in batches of 20. With it come rotations by up to 3
degrees, no IoU loss, and mixed precision (--amp; leave it out without a GPU).
"""

from mmengine.optim import LinearLR, OptimWrapper, PolyLR
from torch.optim import SGD

from lanedet.engine import LaneTrainLoop

train_cfg = dict(type=LaneTrainLoop, max_iters=53_328, val_interval=4444)
optim_wrapper = dict(
    type=OptimWrapper, optimizer=dict(type=SGD, lr=0.2, momentum=0.9, weight_decay=1e-4)
)
param_scheduler = [
    dict(type=LinearLR, start_factor=0.005, begin=0, end=200, by_epoch=False),
    dict(type=PolyLR, power=0.9, eta_min=0.0, begin=200, by_epoch=False),
]

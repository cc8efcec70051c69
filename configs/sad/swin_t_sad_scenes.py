"""Swin-T with SAD on generated scenes: windows of self-attention as a whole backbone.

The experiment of mobilenet_v3_sad_scenes.py. Its stage of stride 16 is read, as in
https://github.com/voldemortX/pytorch-auto-drive, where Swin-T reaches F1 69.75 on
CULane. Training begins with torchvision's ImageNet weights, which are fetched: a
transformer needs them more than a convolution does.

Swin: https://arxiv.org/abs/2103.14030. SAD: https://arxiv.org/abs/1908.00821.
"""

from mmengine.config import read_base

with read_base():
    from .mobilenet_v3_sad_scenes import *

model["backbone"] = dict(
    type=TorchvisionFeatures,
    name="swin_t",
    # 96 channels at stride 4, 192 at 8, 384 at 16.
    stages=dict(S1="features.1", S2="features.3", S3="features.5"),
)
model["head"].update(seg_stage="S3")
model["distiller"].update(paths=[("S1", "S2"), ("S2", "S3")])
optim_wrapper["optimizer"].update(lr=5e-4)

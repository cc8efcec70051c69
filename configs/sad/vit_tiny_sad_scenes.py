"""ViT-Ti with SAD on generated scenes: self-attention alone. Needs lanedet[timm].

The experiment of swin_t_sad_scenes.py. Patches of 16 x 16 pixels are the tokens of
twelve blocks, so all stages have stride 16; they are the stream behind the fourth,
eighth and last block, before the last norm. Positions are learned, for one size of the
network input. Training begins with timm's ImageNet weights, which are fetched, their
positions resized.

ViT: https://arxiv.org/abs/2010.11929. SAD: https://arxiv.org/abs/1908.00821.
"""

from mmengine.config import read_base

from lanedet.models import TimmFeatures

with read_base():
    from .swin_t_sad_scenes import *

model["backbone"] = dict(
    type=TimmFeatures,
    name="vit_tiny_patch16_224",
    stages=dict(S1=3, S2=7, S3=11),  # 192 channels each
    img_size=_view["input_shape"],
)

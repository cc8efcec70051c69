"""Does SAD help on RoadScenes? ResNet-18 at 64x176, plain and with SAD.

Run:  OMP_NUM_THREADS=1 lanedet ablate ablation/roadscenes_resnet18 --seeds 1

The experiment of roadscenes_enet.py with the network of
configs/roadscenes/resnet18_sad_roadscenes.py, but not with ImageNet's weights: all
three networks begin from nothing.
"""

from mmengine.config import read_base

with read_base():
    from .roadscenes_enet import *
    from ..roadscenes.resnet18_sad_roadscenes import model

model["view"].update(input_shape=(64, 176))
model["head"].update(decoder=dict(type=LaneDecoder, smoothing=3, row_step=1))
optim_wrapper["optimizer"].update(lr=1e-3)

_rows = {"plain": None, "SAD": model["distiller"]}
model.update(distiller=None)

"""Does SAD help on RoadScenes? ENet at 64x176, plain and with SAD.

Run:  OMP_NUM_THREADS=1 lanedet ablate ablation/roadscenes_enet --seeds 3

Less than a quarter of the benchmark's resolution, 3,200 of its 10,000 training scenes,
and 1,200 iterations of 4 images: what two CPU cores can do for three networks in two
hours. In 400 iterations of 8 images ENet learned to find no lane at all.
roadscenes_resnet18.py and roadscenes_resnet34.py are the same experiment with other
networks. The test set is the whole one of configs/roadscenes/, and so are the rules.

SAD begins half-way, from a checkpoint of the plain run of the same seed, and grows to
its weight within a fifth of the training. As in configs/roadscenes/, the weight is 0.02
rather than the 0.1 of https://arxiv.org/abs/1908.00821, which is too much with AdamW.
The plain ENet has SAD's extra stage too: the rows differ in SAD alone.
"""

from mmengine.config import read_base

from lanedet.ops import LaneDecoder

with read_base():
    from ..roadscenes.enet_sad_roadscenes import *

model["view"].update(input_shape=(64, 176))
model["head"].update(decoder=dict(type=LaneDecoder, smoothing=3, row_step=1))
_labels.update(lane_width_px=3)
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader.update(batch_size=8, num_workers=0, persistent_workers=False)
train_dataloader.update(batch_size=4)
train_dataloader["dataset"].update(
    num_scenes=3_200,
    pipeline=[_load_image, _apply_view, _augment, _labels, _to_tensors],
)
train_cfg.update(max_iters=1_200, val_interval=1_200)

_rows = {"plain": None, "SAD": model["distiller"]}
model.update(distiller=None)

"""ENet-SAD on RoadScenes, 144x400, small enough for a CPU.

The test scenes are those of the other configs, at half the resolution.
"""

from mmengine.config import read_base

from lanedet.ops import LaneDecoder

with read_base():
    from .enet_sad_roadscenes import *

model["view"].update(input_shape=(144, 400))
model["head"].update(decoder=dict(type=LaneDecoder, row_step=2))
_labels.update(lane_width_px=4)
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader.update(batch_size=8, num_workers=1)
train_dataloader["dataset"].update(
    num_scenes=4_000,
    pipeline=[_load_image, _apply_view, _augment, _labels, _to_tensors],
)
val_dataloader["dataset"].update(num_scenes=200)
train_cfg.update(max_iters=3_000, val_interval=300)  # 6 epochs of 4,000 scenes

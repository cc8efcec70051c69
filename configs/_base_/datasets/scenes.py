"""Generated scenes, 640x360, in a TuSimple tree (lanedet scenes).

The network input is small enough for a CPU. Images are letterboxed rather than
stretched, so that the weights suit cameras of any aspect.
"""

from mmengine.config import read_base

from lanedet.datasets import TuSimpleDataset
from lanedet.evaluation import TuSimpleMetric
from lanedet.ops import LetterboxView

with read_base():
    from .common import *

_num_lanes = 6
_view = dict(type=LetterboxView, input_shape=(160, 288))
_labels.update(lane_width_px=5)

_data = dict(type=TuSimpleDataset, data_root="data/scenes")
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader.update(batch_size=8, num_workers=1)
    _loader["dataset"].update(_data)
train_dataloader["dataset"].update(
    ann_files=["label_data_0313.json", "label_data_0601.json"],
    pipeline=[_load_image, _apply_view, _augment, _labels, _to_tensors],
)
val_dataloader["dataset"].update(ann_files=["label_data_0531.json"])
test_dataloader["dataset"].update(ann_files=["test_label.json"])
# TuSimple's 20 px belong to images 1280 wide; these are half as wide.
val_evaluator = dict(type=TuSimpleMetric, pixel_threshold=10.0)
test_evaluator = val_evaluator

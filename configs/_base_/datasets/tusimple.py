"""TuSimple, 1280x720, six lane slots, in the split that SAD uses.

Training: 3,268 frames (0313 and 0601). Validation: 358 frames (0531). Test: 2,782.
Input 368x640 by plain resize (SAD, section 4). Where to get the data: data/README.md.
"""

from mmengine.config import read_base

from lanedet.datasets import TuSimpleDataset
from lanedet.evaluation import TuSimpleMetric
from lanedet.ops import StretchView

with read_base():
    from .common import *

_num_lanes = 6
_view = dict(type=StretchView, input_shape=(368, 640))
# Public TuSimple class maps are drawn 15 or 16 px wide at 1280x720.
_labels.update(lane_width_px=8)
# The authors' scripts rotate by about one degree and do nothing else.
_apply_view["motion"] = dict(type=RandomMotion, rotate_deg=(-1, 1))

_data = dict(type=TuSimpleDataset, data_root="data/tusimple")
train_dataloader["dataset"].update(
    _data,
    ann_files=["label_data_0313.json", "label_data_0601.json"],
    pipeline=[_load_image, _apply_view, _labels, _to_tensors],
)
val_dataloader["dataset"].update(_data, ann_files=["label_data_0531.json"])
test_dataloader["dataset"].update(_data, ann_files=["test_label.json"])
val_evaluator = dict(type=TuSimpleMetric)
test_evaluator = val_evaluator

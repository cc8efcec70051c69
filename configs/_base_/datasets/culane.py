"""CULane, 1640x590, four lane slots, in the benchmark's own split.

Training: 88,880 frames. Validation: 9,675. Test: 34,680 in nine categories. Input
288x800 by plain resize (SCNN, section 4). Where to get the data: data/README.md.
"""

from mmengine.config import read_base

from lanedet.datasets import CULaneDataset
from lanedet.evaluation import CULaneMetric
from lanedet.ops import StretchView

with read_base():
    from .common import *

_num_lanes = 4
_view = dict(type=StretchView, input_shape=(288, 800))
# The benchmark's class maps are drawn 16 px wide at 1640x590.
_labels.update(lane_width_px=8)
# The authors' scripts rotate by up to one degree.
_apply_view["motion"] = dict(type=RandomMotion, rotate_deg=(-1, 1))
# The network takes in 0.49 of the image's size. Decoding half of it is a fifth faster
# and changes the input by a quarter of a grey level on average.
_load_image.update(shrink=2)

_data = dict(type=CULaneDataset, data_root="data/culane")
train_dataloader["dataset"].update(
    _data,
    list_file="list/train_gt.txt",
    pipeline=[_load_image, _apply_view, _labels, _to_tensors],
    # Some images of driver_161_90frame were never published.
    on_error="skip",
)
val_dataloader["dataset"].update(_data, list_file="list/val_gt.txt")
test_dataloader["dataset"].update(_data, list_file="list/test.txt")
val_evaluator = dict(type=CULaneMetric)
test_evaluator = val_evaluator

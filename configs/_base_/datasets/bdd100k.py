"""BDD100K, 1280x720, all lanes as one class, in the split that SAD uses.

Training: 60,000 images. Validation: 10,000 others of the same folder. Test: the 10,000
official validation images. Input 360x640 by plain resize (SAD, section 4). Labels of
any release are taken as they lie: data/README.md says where.
"""

from mmengine.config import read_base

from lanedet.datasets import BDD100KDataset, LoadLaneMask, RasterizeLaneMask
from lanedet.evaluation import BDD100KMetric
from lanedet.ops import ComponentLaneDecoder, StretchView

with read_base():
    from .common import *

_num_lanes = 1
_view = dict(type=StretchView, input_shape=(360, 640))
# "We dilate ground-truth lanes of the training set of BDD100K as 8 pixels", which are
# four at half the size.
_labels = dict(type=RasterizeLaneMask, lane_width_px=4)
# The authors' scripts rotate by a degree and stretch by six in a hundred.
_apply_view["motion"] = dict(type=RandomMotion, rotate_deg=(-1, 1), scale=(0.94, 1.06))
# Lanes as polylines, out of a map that does not tell them apart; and no branch that
# says which lanes exist, as in the authors' script.
_head = dict(existence_branch=None, decoder=dict(type=ComponentLaneDecoder))

_data = dict(type=BDD100KDataset, data_root="data/bdd100k")
train_dataloader["dataset"].update(
    _data,
    split="train",
    pipeline=[_load_image, _apply_view, _labels, dict(type=LoadLaneMask), _to_tensors],
)
val_dataloader["dataset"].update(_data, split="val")
test_dataloader["dataset"].update(_data, split="test")
val_evaluator = dict(type=BDD100KMetric)
test_evaluator = val_evaluator

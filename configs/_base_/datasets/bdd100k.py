"""BDD100K, 1280x720, all lanes as one class, in the split that SAD uses.

Training: 60,000 images. Validation: 10,000 others of the same folder. Test: the 10,000
official validation images. Input 360x640 by plain resize (SAD, section 4). Labels of
any release are taken as they lie: data/README.md says where. The head must segment one
lane class (`num_lanes=_num_lanes`), without an existence branch.
"""

from mmengine.dataset import DefaultSampler

from lanedet.datasets import (
    ApplyView,
    BDD100KDataset,
    EndlessSampler,
    LoadImage,
    LoadLaneMask,
    PackInputs,
    RandomMotion,
    RasterizeLaneMask,
)
from lanedet.evaluation import BDD100KMetric
from lanedet.ops import ComponentLaneDecoder, StretchView

_data_root = "data/bdd100k"
_num_lanes = 1
_view = dict(type=StretchView, input_shape=(360, 640))
# "We dilate ground-truth lanes of the training set of BDD100K as 8 pixels", which are
# four at half the size.
_lane_width_px = 4
# Lanes as polylines, out of a map that does not tell them apart.
_decoder = dict(type=ComponentLaneDecoder)

_train_pipeline = [
    dict(type=LoadImage),
    # The authors' scripts rotate by a degree and stretch by six in a hundred.
    dict(
        type=ApplyView,
        view=_view,
        motion=dict(type=RandomMotion, rotate_deg=(-1, 1), scale=(0.94, 1.06)),
    ),
    dict(type=RasterizeLaneMask, lane_width_px=_lane_width_px),
    dict(type=LoadLaneMask),
    dict(type=PackInputs),
]
_test_pipeline = [
    dict(type=LoadImage),
    dict(type=ApplyView, view=_view),
    dict(type=PackInputs),
]

train_dataloader = dict(
    batch_size=12,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type=EndlessSampler),
    dataset=dict(
        type=BDD100KDataset,
        data_root=_data_root,
        split="train",
        pipeline=_train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=12,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type=DefaultSampler, shuffle=False),
    dataset=dict(
        type=BDD100KDataset,
        data_root=_data_root,
        split="val",
        pipeline=_test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = dict(
    batch_size=12,
    num_workers=4,
    sampler=dict(type=DefaultSampler, shuffle=False),
    dataset=dict(
        type=BDD100KDataset,
        data_root=_data_root,
        split="test",
        pipeline=_test_pipeline,
        test_mode=True,
    ),
)
val_evaluator = dict(type=BDD100KMetric)
test_evaluator = dict(type=BDD100KMetric)

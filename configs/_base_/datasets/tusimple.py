"""TuSimple, 1280x720, six lane slots, in the split that SAD uses.

Training: 3,268 frames (0313 and 0601). Validation: 358 frames (0531). Test: 2,782.
Input 368x640 by plain resize (SAD, section 4). Where to get the data: data/README.md.
"""

from mmengine.dataset import DefaultSampler

from lanedet.datasets import (
    ApplyView,
    EndlessSampler,
    LoadImage,
    PackInputs,
    RandomMotion,
    RasterizeLanes,
    TuSimpleDataset,
)
from lanedet.evaluation import TuSimpleMetric
from lanedet.ops import StretchView

_data_root = "data/tusimple"
_num_lanes = 6
_view = dict(type=StretchView, input_shape=(368, 640))
# Public TuSimple class maps are drawn 15 or 16 px wide at 1280x720.
_lane_width_px = 8

_train_pipeline = [
    dict(type=LoadImage),
    # The authors' scripts rotate by about one degree and do nothing else.
    dict(
        type=ApplyView,
        view=_view,
        motion=dict(type=RandomMotion, rotate_deg=(-1, 1)),
    ),
    dict(type=RasterizeLanes, num_lanes=_num_lanes, lane_width_px=_lane_width_px),
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
        type=TuSimpleDataset,
        data_root=_data_root,
        ann_files=["label_data_0313.json", "label_data_0601.json"],
        pipeline=_train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=12,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type=DefaultSampler, shuffle=False),
    dataset=dict(
        type=TuSimpleDataset,
        data_root=_data_root,
        ann_files=["label_data_0531.json"],
        pipeline=_test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = dict(
    batch_size=12,
    num_workers=4,
    sampler=dict(type=DefaultSampler, shuffle=False),
    dataset=dict(
        type=TuSimpleDataset,
        data_root=_data_root,
        ann_files=["test_label.json"],
        pipeline=_test_pipeline,
        test_mode=True,
    ),
)
val_evaluator = dict(type=TuSimpleMetric)
test_evaluator = dict(type=TuSimpleMetric)

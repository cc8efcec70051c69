"""CULane, 1640x590, four lane slots, in the benchmark's own split.

Training: 88,880 frames. Validation: 9,675. Test: 34,680 in nine categories. Input
288x800 by plain resize (SCNN, section 4). Where to get the data: data/README.md.
"""

from mmengine.dataset import DefaultSampler

from lanedet.datasets import (
    ApplyView,
    CULaneDataset,
    EndlessSampler,
    LoadImage,
    PackInputs,
    RandomMotion,
    RasterizeLanes,
)
from lanedet.evaluation import CULaneMetric
from lanedet.ops import StretchView

_data_root = "data/culane"
_num_lanes = 4
_view = dict(type=StretchView, input_shape=(288, 800))
# The benchmark's class maps are drawn 16 px wide at 1640x590.
_lane_width_px = 8

_train_pipeline = [
    # The network takes in 0.49 of the image's size. Decoding half of it is a fifth
    # faster and changes the input by a quarter of a grey level on average.
    dict(type=LoadImage, shrink=2),
    # The authors' scripts rotate by up to one degree.
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
        type=CULaneDataset,
        data_root=_data_root,
        list_file="list/train_gt.txt",
        pipeline=_train_pipeline,
        # Some images of driver_161_90frame were never published.
        on_error="skip",
    ),
)
val_dataloader = dict(
    batch_size=12,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type=DefaultSampler, shuffle=False),
    dataset=dict(
        type=CULaneDataset,
        data_root=_data_root,
        list_file="list/val_gt.txt",
        pipeline=_test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = dict(
    batch_size=12,
    num_workers=4,
    sampler=dict(type=DefaultSampler, shuffle=False),
    dataset=dict(
        type=CULaneDataset,
        data_root=_data_root,
        list_file="list/test.txt",
        pipeline=_test_pipeline,
        test_mode=True,
    ),
)
val_evaluator = dict(type=CULaneMetric)
test_evaluator = dict(type=CULaneMetric)

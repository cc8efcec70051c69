"""Your own pictures, in a tree that lanedet convert made in TuSimple's form.

Pictures may have any size, also different ones: they are letterboxed, not stretched.
Where to get the tree: docs/custom-data.md.
"""

from mmengine.dataset import DefaultSampler

from lanedet.datasets import (
    ApplyView,
    Augment,
    EndlessSampler,
    LoadImage,
    PackInputs,
    RandomMotion,
    RasterizeLanes,
    TuSimpleDataset,
)
from lanedet.evaluation import TuSimpleMetric
from lanedet.ops import LetterboxView

_data_root = "data/custom"
_num_lanes = 6
_view = dict(type=LetterboxView, input_shape=(288, 512))
_lane_width_px = 7

_train_pipeline = [
    dict(type=LoadImage),
    dict(
        type=ApplyView,
        view=_view,
        motion=dict(
            type=RandomMotion,
            rotate_deg=(-3, 3),
            scale=(0.85, 1.15),
            shift=(0.08, 0.08),
            mirror_probability=0.5,
        ),
    ),
    dict(
        type=Augment,
        transforms=[
            dict(
                name="RandomBrightnessContrast",
                brightness_limit=0.25,
                contrast_limit=0.3,
                p=0.6,
            ),
            dict(name="HueSaturationValue", p=0.3),
        ],
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
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type=EndlessSampler),
    dataset=dict(
        type=TuSimpleDataset,
        data_root=_data_root,
        ann_files=["train_label.json"],
        pipeline=_train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type=DefaultSampler, shuffle=False),
    dataset=dict(
        type=TuSimpleDataset,
        data_root=_data_root,
        ann_files=["val_label.json"],
        pipeline=_test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = dict(
    batch_size=8,
    num_workers=1,
    sampler=dict(type=DefaultSampler, shuffle=False),
    dataset=dict(
        type=TuSimpleDataset,
        data_root=_data_root,
        ann_files=["val_label.json"],
        pipeline=_test_pipeline,
        test_mode=True,
    ),
)
# The tolerance is 20 px in pictures 1280 wide, and the same share of other widths.
val_evaluator = dict(type=TuSimpleMetric)
test_evaluator = dict(type=TuSimpleMetric)

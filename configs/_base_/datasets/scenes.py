"""Generated scenes, 640x360, in a TuSimple tree (lanedet scenes).

The network input is small enough for a CPU. Images are letterboxed rather than
stretched, so that the weights suit cameras of any aspect.
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

_data_root = "data/scenes"
_num_lanes = 6
_view = dict(type=LetterboxView, input_shape=(160, 288))
_lane_width_px = 5

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
    num_workers=1,
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
    batch_size=8,
    num_workers=1,
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
    batch_size=8,
    num_workers=1,
    sampler=dict(type=DefaultSampler, shuffle=False),
    dataset=dict(
        type=TuSimpleDataset,
        data_root=_data_root,
        ann_files=["test_label.json"],
        pipeline=_test_pipeline,
        test_mode=True,
    ),
)
# TuSimple's 20 px belong to images 1280 wide; these are half as wide.
val_evaluator = dict(type=TuSimpleMetric, pixel_threshold=10.0)
test_evaluator = dict(type=TuSimpleMetric, pixel_threshold=10.0)

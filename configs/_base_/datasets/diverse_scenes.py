r"""Generated scenes of all categories, 640x360, in a TuSimple tree.

    lanedet scenes data/diverse --num 12000 --seed 1 \
        --category diverse

Strong augmentation: the scenes are drawn, and what a network learns of their colors,
their sharpness and their cameras must not be what it needs on real roads. Images are
letterboxed rather than stretched, so that the weights suit cameras of any aspect.
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

_data_root = "data/diverse"
_num_lanes = 6
_view = dict(type=LetterboxView, input_shape=(192, 336))
_lane_width_px = 5

_train_pipeline = [
    dict(type=LoadImage),
    dict(
        type=ApplyView,
        view=_view,
        motion=dict(
            type=RandomMotion,
            rotate_deg=(-4, 4),
            scale=(0.75, 1.5),
            shift=(0.1, 0.12),
            mirror_probability=0.5,
        ),
    ),
    dict(
        type=Augment,
        transforms=[
            dict(
                name="RandomBrightnessContrast",
                brightness_limit=0.3,
                contrast_limit=0.4,
                p=0.7,
            ),
            dict(name="RandomGamma", gamma_limit=(60, 160), p=0.3),
            dict(
                name="HueSaturationValue",
                hue_shift_limit=12,
                sat_shift_limit=35,
                val_shift_limit=20,
                p=0.4,
            ),
            dict(name="ToGray", p=0.1),
            dict(name="CLAHE", p=0.05),
            dict(name="GaussianBlur", blur_limit=(3, 5), p=0.15),
            dict(name="GaussNoise", std_range=(0.01, 0.06), p=0.15),
            dict(name="ImageCompression", quality_range=(30, 90), p=0.2),
            dict(
                name="CoarseDropout",
                num_holes_range=(1, 4),
                hole_height_range=(0.05, 0.2),
                hole_width_range=(0.05, 0.2),
                p=0.2,
            ),
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

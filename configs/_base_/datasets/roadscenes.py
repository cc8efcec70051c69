"""RoadScenes 1: generated scenes, 800x288, of CULane's nine categories.

Training: 10,000 scenes. Validation: 500. Test: 2,000. The categories have the shares of
CULane's test set. The first run makes what it needs, on all cores: no download, and no
licence but ours. A shorter training set is the beginning of the whole one:
`--cfg-options train_dataloader.dataset.num_scenes=2000`.

Scored by two rules. CULane's (`culane/f1`, per category `culane/f1_night` and so on):
lanes are scaled to 1640x590 and drawn 30 px wide there. TuSimple's
(`tusimple/accuracy`): its 20 px of 1280 are 12.5 of 800. It knows no images without
lanes: the test set's 190 crossroads count there with accuracy 0, so 0.905 is the
highest that can be reached.

What is here is frozen, and so is how scenes are drawn (`_fingerprints`): a change makes
another version, with its own number and folder.
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
)
from lanedet.evaluation import CULaneMetric, TuSimpleMetric
from lanedet.ops import StretchView
from lanedet.simulation import RoadScenesDataset

_data_root = "data/roadscenes-1"
# No other collection may have these seeds: make_scenes refuses them.
_seeds = dict(train=20_001, val=20_002, test=20_003)
_shape = (288, 800)
_category = "culane"
_num_scenes = dict(train=10_000, val=500, test=2_000)
# Of each category the first scene, the last and one between;
# tools/freeze_roadscenes.py writes them.
_fingerprints = dict(
    train=[
        "0 9e9e9fc9beaca9cdcebfa4a6b6a1d7ae99939ca3b69f9ca1aaa4a89c909d94968f95a4",
        "1 7451676e707d3458577f838d775d807f87657d747c5b7f735f607e6e66855d595a5d78",
        "2 0f0e1310100e0f1d2030423d2e234b648781808755484956495c3441261e382b293b17",
        "3 cdd0d4d5d7d4b083939ba4b6cbc878a3ad87a39a96d3a66e5a705e6e9d49685254704d",
        "4 bcbcb5b6b1a7a5c8cdc8bcaab7b8a2a395838c899b806e8d6770876d6584716060687c",
        "7 ac9fd8f4f0e1aea794aed9bfb1bab3a9c39f7e8fa5a3c18d646d7653ae876451684f6d",
        "12 cab1abcf9c95978fb58c92a0969a679e63646568686158636462605f69636b6a6a6464",
        "62 9fcb8fa0b282ac9eb0bfb18d8d82b4afcac3ac95908da9b7b3b18d8d92acabafa49b83",
        "115 aeb7c6e0d47960a4afbacfd97e65969ca6b8e1b3907d9094a7c7988f7e858b8e9d9678",
    ],
    val=[
        "0 9d6bbac9a38c7699778ba18389738ea69497a29c8d79848f999887836c78858680796d",
        "1 7a74858ea29f756f7471a4a18b8076888895888279869488797f8776715a8563725f78",
        "3 ab9ea0aaaca8a2d6dde6e9e8e2d7edf4f8faf5e8e59a98959dba7f846361608a8a8760",
        "15 b7c7d1d4e1f4d684add3deddc4ab5a6f87a68184796e6a6c6c61705d5d475542564939",
        "19 111212131312112229332e2a1e1a313c46615e3527212b493f522b221d24452d2b401c",
        "27 a0b8d8d2d0c2adaaafb0acbdb7a68082857c95a9ae7b6c775a775472647f6152656c4c",
        "31 687973567a8eaf547d594c524a8d687c757e879a80686e78796b647d6968786761755e",
        "32 99c4c6cbc6d0afa6cdb8d3e7e9dcac8d757c9bcde460545d5d7b648e36304f3b4b614c",
        "46 e2e0cfcddbb1aee6bea1a7b6c1e15575467aae8b8a62504657a8715145484469958e4b",
    ],
    test=[
        "0 ccd8ceaeb6b6cfd8e3b98c8d8a84e0918b6d7b88887c7d846b68818c5b675b504a5d78",
        "1 7c83827e7a6f687f7e788679696e91a19b9fab9d988c729a939e92806b8a938e8ba382",
        "2 31333235332a29383b3e44453c3f6585acaeb4a48568779f7f8b917a3865564c5f4551",
        "5 505f5a635d5f505f677b7e7c66485d60737a72482a3b48685963535c524b4e3c5b5a59",
        "7 848e8ac39d6f818792887f7a85846c6c6e6b6362626568686a69615e5d5e5e5f595352",
        "8 92626697a630777c59567e85325a71737f88af63795161789d888c753939363e2d3348",
        "16 78859192887b6c758a899687726f8791a0a3a27b668ba39d95a0998983738775817b71",
        "38 384f7046232f5a5453865b4345513856414b626440502b41264c5f5224392917305955",
        "119 8697aa9a9b87609182a4a1827b60b3aec0c2c7af9d697d8d737f8d6268807165676f7a",
    ],
)

_num_lanes = 4
_view = dict(type=StretchView, input_shape=(288, 800))
_lane_width_px = 8

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
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type=EndlessSampler),
    dataset=dict(
        type=RoadScenesDataset,
        data_root=_data_root,
        split="train",
        seed=_seeds["train"],
        num_scenes=_num_scenes["train"],
        shape=_shape,
        category=_category,
        fingerprints=_fingerprints["train"],
        pipeline=_train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type=DefaultSampler, shuffle=False),
    dataset=dict(
        type=RoadScenesDataset,
        data_root=_data_root,
        split="val",
        seed=_seeds["val"],
        num_scenes=_num_scenes["val"],
        shape=_shape,
        category=_category,
        fingerprints=_fingerprints["val"],
        pipeline=_test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = dict(
    batch_size=16,
    num_workers=4,
    sampler=dict(type=DefaultSampler, shuffle=False),
    dataset=dict(
        type=RoadScenesDataset,
        data_root=_data_root,
        split="test",
        seed=_seeds["test"],
        num_scenes=_num_scenes["test"],
        shape=_shape,
        category=_category,
        fingerprints=_fingerprints["test"],
        pipeline=_test_pipeline,
        test_mode=True,
    ),
)
val_evaluator = [
    dict(type=CULaneMetric),
    dict(type=TuSimpleMetric, pixel_threshold=12.5),
]
test_evaluator = [
    dict(type=CULaneMetric),
    dict(type=TuSimpleMetric, pixel_threshold=12.5),
]

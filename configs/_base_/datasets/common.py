"""What data sets have in common: the steps of a sample, and three loaders.

A config that changes a step names it, and then all of them in their order:

    _labels.update(lane_width_px=3)
    train_dataloader["dataset"].update(
        pipeline=[_load_image, _apply_view, _augment, _labels, _to_tensors]
    )

The size of the network input is the model's, and so is the number of lanes: no step
says them.
"""

from mmengine.dataset import DefaultSampler

from lanedet.datasets import (
    ApplyView,
    Augment,
    EndlessSampler,
    LoadImage,
    ToTensors,
    RandomMotion,
    RasterizeLanes,
)

_load_image = dict(type=LoadImage)
_apply_view = dict(
    type=ApplyView,
    motion=dict(
        type=RandomMotion,
        rotate_deg=(-3, 3),
        scale=(0.85, 1.15),
        shift=(0.08, 0.08),
        mirror_probability=0.5,
    ),
)
_augment = dict(
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
)
_labels = dict(type=RasterizeLanes, lane_width_px=8)  # pixels of the network input
_to_tensors = dict(type=ToTensors)

train_dataloader = dict(
    batch_size=12,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type=EndlessSampler),
    dataset=dict(pipeline=[_load_image, _apply_view, _augment, _labels, _to_tensors]),
)
test_dataloader = dict(
    batch_size=12,
    num_workers=4,
    sampler=dict(type=DefaultSampler, shuffle=False),
    dataset=dict(
        pipeline=[dict(type=LoadImage), dict(type=ApplyView), dict(type=ToTensors)],
        test_mode=True,
    ),
)
val_dataloader = dict(test_dataloader, persistent_workers=True)

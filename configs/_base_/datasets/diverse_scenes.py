"""Generated scenes of all categories, 640x360, in a TuSimple tree.

    lanedet scenes data/diverse --num 12000 --seed 1 --category diverse

Strong augmentation: the scenes are drawn, and what a network learns of their colors,
their sharpness and their cameras must not be what it needs on real roads.
"""

from mmengine.config import read_base

with read_base():
    from .scenes import *

_view.update(input_shape=(192, 336))
_apply_view["motion"].update(rotate_deg=(-4, 4), scale=(0.75, 1.5), shift=(0.1, 0.12))
_augment["transforms"] = [
    dict(
        name="RandomBrightnessContrast", brightness_limit=0.3, contrast_limit=0.4, p=0.7
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
]
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader["dataset"].update(data_root="data/diverse")
train_dataloader["dataset"].update(
    pipeline=[_load_image, _apply_view, _augment, _labels, _to_tensors]
)

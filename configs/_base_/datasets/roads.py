r"""Real frames of TuSimple and generated scenes together, for any dashcam.

    data/roads/tusimple   TuSimple's training frames, or copies of one smaller size
    data/roads/diverse    lanedet scenes data/roads/diverse --num 5000 --seed 7 \
                              --category diverse
    data/roads/wide       lanedet scenes data/roads/wide --num 4000 --seed 8 \
                              --category culane --size 820x295

Strong augmentation: crops of other cameras' formats, and what a network learns of
colors and sharpness must not be that of one camera. Half of what is seen are real
frames. Validation: TuSimple's 0531, 358 of them. Test: TuSimple's own test frames, in
their own size.
"""

from mmengine.config import read_base

from lanedet.datasets import MixedDataset, RandomCrop, TuSimpleDataset
from lanedet.evaluation import TuSimpleMetric
from lanedet.ops import LetterboxView

with read_base():
    from .common import *
    from .diverse_scenes import _augment

_num_lanes = 6
_view = dict(type=LetterboxView, input_shape=(192, 336))
_labels.update(lane_width_px=5)
_crop = dict(type=RandomCrop, aspect=(1.33, 3.0), share=(0.7, 1.0), probability=0.5)
_apply_view["motion"].update(
    rotate_deg=(-4, 4), scale=(0.7, 1.5), shift=(0.1, 0.12), stretch=(0.65, 1.5)
)

_trained_on = ["label_data_0313.json", "label_data_0601.json"]
_frames = dict(type=TuSimpleDataset, label_shape=(720, 1280))
_scenes = dict(type=TuSimpleDataset, ann_files=_trained_on)

train_dataloader.update(batch_size=8, num_workers=1)
train_dataloader["dataset"].update(
    type=MixedDataset,
    data_root="data/roads",
    parts=[
        dict(_frames, data_root="tusimple", ann_files=_trained_on),
        dict(_scenes, data_root="diverse"),
        dict(_scenes, data_root="wide"),
    ],
    repeats=[4, 1, 1],
    pipeline=[_load_image, _crop, _apply_view, _augment, _labels, _to_tensors],
)
val_dataloader.update(batch_size=8, num_workers=1)
val_dataloader["dataset"].update(
    type=MixedDataset,
    data_root="data/roads",
    parts=[dict(_frames, data_root="tusimple", ann_files=["label_data_0531.json"])],
)
test_dataloader["dataset"].update(
    type=TuSimpleDataset, data_root="data/tusimple", ann_files=["test_label.json"]
)
val_evaluator = dict(type=TuSimpleMetric)
test_evaluator = val_evaluator

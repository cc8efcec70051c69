"""Your own pictures, in a tree that lanedet convert made in TuSimple's form.

Pictures may have any size, also different ones: they are letterboxed, not stretched.
Where to get the tree: docs/custom-data.md.
"""

from mmengine.config import read_base

with read_base():
    from .scenes import *

_view.update(input_shape=(288, 512))
_labels.update(lane_width_px=7)

for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader["dataset"].update(data_root="data/custom", ann_files=["val_label.json"])
train_dataloader.update(num_workers=2)
train_dataloader["dataset"].update(
    ann_files=["train_label.json"],
    pipeline=[_load_image, _apply_view, _augment, _labels, _to_tensors],
)
# The tolerance is 20 px in pictures 1280 wide, and the same share of other widths.
val_evaluator = dict(type=TuSimpleMetric)
test_evaluator = val_evaluator

"""RoadScenes 3: generated scenes, 800x288, of CULane's nine categories.

Training: 10,000 scenes. Validation: 500. Test: 2,000. The categories have the shares of
CULane's test set. The first run makes what it needs, on all cores: no download, and no
licence but ours. A shorter training set is the beginning of the whole one:
`--cfg-options train_dataloader.dataset.num_scenes=2000`.

Scored by two rules. CULane's (`culane/f1`, per category `culane/f1_night` and so on):
lanes are scaled to 1640x590 and drawn 30 px wide there. TuSimple's
(`tusimple/accuracy`): its 20 px of 1280 are 12.5 of 800. It knows no images without
lanes: the test set's 190 crossroads count there with accuracy 0, so 0.905 is the
highest that can be reached.

What is here is frozen, and so is how scenes are drawn (`fingerprints`): a change makes
another version, with its own number and folder.
"""

from mmengine.config import read_base

from lanedet.evaluation import CULaneMetric, TuSimpleMetric
from lanedet.ops import StretchView
from lanedet.datasets import RoadScenesDataset

with read_base():
    from .common import *

_num_lanes = 4
_view = dict(type=StretchView, input_shape=(288, 800))
_labels.update(lane_width_px=8)

_data = dict(
    type=RoadScenesDataset,
    data_root="data/roadscenes-3",
    shape=(288, 800),
    category="culane",
    # Beside the code of the data set; tools/freeze_roadscenes.py writes it.
    fingerprints="version_3.txt",
)
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader.update(batch_size=16)
# No other collection may have these seeds: make_scenes refuses them.
train_dataloader["dataset"].update(
    _data,
    split="train",
    seed=20_001,
    num_scenes=10_000,
    pipeline=[_load_image, _apply_view, _augment, _labels, _to_tensors],
)
val_dataloader["dataset"].update(_data, split="val", seed=20_002, num_scenes=500)
test_dataloader["dataset"].update(_data, split="test", seed=20_003, num_scenes=2_000)
val_evaluator = [
    dict(type=CULaneMetric, to_border=False),  # labels end with what is seen
    dict(type=TuSimpleMetric, pixel_threshold=12.5),
]
test_evaluator = val_evaluator

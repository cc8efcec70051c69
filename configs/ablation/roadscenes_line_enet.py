"""A line head on ENet's encoder, 64x176: {auxiliary segmentation, none} x {SAD, none}.

Run:  lanedet ablate ablation/roadscenes_line_enet --seeds 3

roadscenes_enet.py with a line head, and longer: proposals learn later than pixels do.
SAD lets stages mimic one another's attention. Under a segmentation head deep attention
must follow the lanes; under a line head nothing forces it to, as features are gathered
along the lines. So the rows differ in whether E4 is also trained to segment lanes, by a
1x1 convolution that prediction never sees.
"""

from mmengine.config import read_base

from lanedet.datasets import EncodeLines, RasterizeLaneMask

with read_base():
    from .roadscenes_enet import *
    from .._base_.models.enet_line import *

model.update(view=dict(_view, input_shape=(64, 176)), distiller=None)
# Where an image is small the finest level counts: to lie a pixel aside is to miss.
model["head"].update(
    num_rows=36,
    stages=dict(E1=dict(stride=4, offset=1.5), E4=dict(stride=8, offset=3.5)),
    num_extra_levels=1,
    hidden_channels=96,
    num_points=18,
)
_labels = dict(type=RasterizeLaneMask, lane_width_px=3)
_lines = dict(type=EncodeLines)
train_dataloader["dataset"].update(
    pipeline=[_load_image, _apply_view, _augment, _labels, _lines, _to_tensors],
)
train_cfg.update(max_iters=3_600, val_interval=3_600)

_rows = {
    "plain": None,
    "SAD": _sad,
    "segmentation": _segmentation,
    "segmentation + SAD": [_segmentation, _sad],
}

"""A line head on real roads: {auxiliary segmentation, none} x {SAD, none}, ENet.

Run:  OMP_NUM_THREADS=1 lanedet ablate ablation/tusimple_line_enet --seeds 3

tusimple_enet.py, 96x160, with the head of roadscenes_line_enet.py, and with its rows.
The benchmark's program counts an image with more lanes than labelled + 2 as without
any: at most the best 5 are kept.

No row has been run yet.
"""

from mmengine.config import read_base

with read_base():
    from .tusimple_enet import *
    from .roadscenes_line_enet import model, _lines
    from .roadscenes_line_enet import _labels as _mask
    from .roadscenes_line_enet import _rows as _line_rows

model.update(view=dict(type=StretchView, input_shape=(96, 160)))
model["head"].update(num_slots=5)
train_dataloader["dataset"].update(
    pipeline=[_load_image, _apply_view, _augment, _mask, _lines, _to_tensors],
)

_rows = _line_rows

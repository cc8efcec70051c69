r"""Free at inference against paid at inference on real roads: ResNet-18 at 96x160.

Run:  OMP_NUM_THREADS=1 lanedet ablate ablation/context_tusimple_resnet18 --costs \
          --seeds 3 --jobs 2

The experiment of context_tusimple_enet.py with the network of
configs/_base_/models/resnet18_sad.py, from nothing as ENet is. Layers stand behind
layer4, of 512 channels and 12x20 pixels. There SCNN alone would multiply three quarters
of what the whole network does, so it and RESA stand in a neck of 128 channels, as they
were published; "neck" is that neck without them. In millions at this size: a 3x3
convolution 566, in two groups 283 (attention 311, window 266), 1x1 63 (SAGAN 86); local
201, ACmix 214, GPSA 315, quadratic 602.

The row "ACmix for a convolution" replaces one: it pays less than the plain row.

No row has been run yet.
"""

from mmengine.config import read_base

from lanedet.models import LaneNeck

with read_base():
    from .context_tusimple_enet import *
    from .._base_.models.resnet18_sad import model

model.update(view=dict(type=StretchView, input_shape=(96, 160)), distiller=None)
model["backbone"].update(weights=None)
model["head"].update(
    num_lanes=_num_lanes, decoder=dict(type=LaneDecoder, smoothing=3, row_step=1)
)
optim_wrapper["optimizer"].update(lr=1e-3)

_sad = dict(_sad, paths=[("layer2", "layer3"), ("layer3", "layer4")])
_controls = {
    "convolution 1x1": _controls["convolution 1x1"],
    "convolution, 2 groups": _controls["convolution, 2 groups"],
}
_places = {
    "layer1": ["layer1"],
    "layer2": ["layer2"],
    "layer3": ["layer3"],
    "layer3 and layer4": ["layer3", "layer4"],
    "layer2 to layer4": ["layer2", "layer3", "layer4"],
    "layer1 to layer4": ["layer1", "layer2", "layer3", "layer4"],
}
_necks = {
    title: dict(
        neck=dict(type=LaneNeck, stage="layer4", channels=128, layers=layers),
        head=dict(seg_stage="neck"),
    )
    for title, layers in {
        "neck": [],
        "SCNN": [_layers["SCNN"]],
        "RESA": [_layers["RESA"]],
    }.items()
}
_behind = {
    title: dict(backbone=dict(context=dict(layer4=layer)))
    for title, layer in (_controls | _layers).items()
    if title not in _necks
}

_rows = {
    "plain": None,
    "SAD": _sad,
    "deep supervision": dict(
        _rows["deep supervision"], stages=["layer1", "layer2", "layer3"]
    ),
    "ESA": dict(_rows["ESA"], stages=["layer1", "layer2", "layer3", "layer4"]),
    **_behind,
    **_necks,
    "ACmix for a convolution": dict(
        backbone=dict(
            context=dict(
                layer4=dict(_layers["ACmix"], heads=8, dilation=4, where="replace")
            )
        )
    ),
    **{
        f"local 7x7 at {title}": dict(
            backbone=dict(context=dict.fromkeys(stages, _local))
        )
        for title, stages in _places.items()
    },
    **{
        f"{title} and SAD": dict((_behind | _necks)[title], distiller=_sad)
        for title in ("SE", "attention, relative", "local 7x7", "SCNN")
    },
}

"""MobileNetV3 with SAD on generated scenes: any network of torchvision as a backbone.

The experiment of enet_sad_scenes.py. It shows how a network joins, not which one is
best. To use another network, change ``name`` and the places in ``stages``, which
``torchvision.models.feature_extraction.get_graph_node_names`` lists. Networks of timm
join the same way: ``dict(type=TimmFeatures, name="mobilenetv3_small_100",
stages=dict(S1=0, S2=1, S3=2), output_stride=8)``.

Training begins with torchvision's ImageNet weights, which are fetched. Where nothing
can be fetched, add ``--cfg-options model.backbone.weights=None``.

MobileNetV3: https://arxiv.org/abs/1905.02244. SAD: https://arxiv.org/abs/1908.00821.
"""

from mmengine.config import read_base

from lanedet.models import ConvClassifier, LogitsExistenceBranch, TorchvisionFeatures

with read_base():
    from .enet_sad_scenes import *

model["backbone"] = dict(
    type=TorchvisionFeatures,
    name="mobilenet_v3_large",
    # 24 channels at stride 4, 40 at 8, 112 and 160 at 16.
    stages=dict(S1="features.3", S2="features.6", S3="features.12", S4="features.15"),
    options=dict(dilated=True),
)
model["head"].update(
    seg_stage="S4", classifier=dict(type=ConvClassifier), upsampling=16
)
model["head"]["existence_branch"] = dict(type=LogitsExistenceBranch, stride=16)
model["distiller"].update(paths=[("S2", "S3"), ("S3", "S4")])
optim_wrapper["optimizer"].update(lr=1e-3)

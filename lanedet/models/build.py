"""Detectors in Python, without a config.

The networks are those of ``configs/_base_/models``.
"""

from collections.abc import Callable
from typing import Any

from lanedet.models.backbones import ENet, LaneBackbone, ResNet
from lanedet.models.distillation import Distiller
from lanedet.models.heads import (
    ConvClassifier,
    ExistenceBranch,
    LaneSegmentationHead,
    LogitsExistenceBranch,
    TransposedConvClassifier,
)
from lanedet.models.lane_detector import LaneDetector
from lanedet.ops import View


def _enet() -> tuple[LaneBackbone, dict[str, Any]]:
    head = {
        "type": LaneSegmentationHead,
        "seg_stage": "D2",
        "classifier": {"type": TransposedConvClassifier},
        "existence_branch": {"type": ExistenceBranch, "stage": "E4"},
    }
    return ENet(), head


def _resnet(depth: int) -> tuple[LaneBackbone, dict[str, Any]]:
    head = {
        "type": LaneSegmentationHead,
        "seg_stage": "layer4",
        "classifier": {"type": ConvClassifier},
        "upsampling": 8,
        "existence_branch": {"type": LogitsExistenceBranch},
    }
    return ResNet(depth=depth), head


NETWORKS: dict[str, Callable[[], tuple[LaneBackbone, dict[str, Any]]]] = {
    "enet": _enet,
    "resnet18": lambda: _resnet(18),
    "resnet34": lambda: _resnet(34),
}
"""Backbone, and config of the head, by name of the network."""


def build_detector(
    network: str, *, num_lanes: int, view: View, distiller: Distiller | None = None
) -> LaneDetector:
    """Return an untrained detector that segments lanes.

    Its weights are random; a ResNet's ``init_weights`` fetches those of ImageNet.

    Args:
        network: ``enet`` (that of ENet-SAD, with the stage E4), ``resnet18`` or
            ``resnet34``.
        num_lanes: Number of slots K, see :mod:`lanedet.ops.lane_slots`.
        view: How an image of any size becomes the network input:
            :class:`~lanedet.ops.StretchView` or :class:`~lanedet.ops.LetterboxView`.
        distiller: What adds to the loss while training, such as
            :class:`SelfAttentionDistiller`.

    Raises:
        ValueError: If there is no such network, it cannot take the view's inputs, or
            the distiller reads a stage that it does not have.

    Example:
        >>> from lanedet.models import SelfAttentionDistiller, build_detector
        >>> from lanedet.ops import StretchView
        >>> sad = SelfAttentionDistiller(paths=[("E2", "E3"), ("E3", "E4")])
        >>> view = StretchView((368, 640))
        >>> detector = build_detector("enet", num_lanes=6, view=view, distiller=sad)
        >>> f"{sum(p.numel() for p in detector.parameters()) / 1e6:.2f} M"
        '1.00 M'
    """
    if network not in NETWORKS:
        raise ValueError(
            f"network must be one of {', '.join(NETWORKS)}, got {network!r}. Others "
            "are put together by LaneDetector."
        )
    backbone, head = NETWORKS[network]()
    return LaneDetector(
        backbone=backbone,
        head={**head, "num_lanes": num_lanes},
        view=view,
        distiller=distiller,
    )

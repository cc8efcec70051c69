import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from torch import nn

from lanedet.models import (
    ConvClassifier,
    ENet,
    ExistenceBranch,
    LaneDetector,
    LaneSegmentationHead,
    LogitsExistenceBranch,
    ResNet,
    TorchvisionFeatures,
    TransposedConvClassifier,
)
from lanedet.ops import LaneDecoder, LetterboxView, StretchView
from lanedet.structures import LaneSample

SHAPE = (32, 48)
# An untrained network is sure of nothing: let everything through.
DECODER = dict(
    type=LaneDecoder, threshold=0.01, existence_threshold=0.0, smoothing=1, row_step=8
)


def _enet(**backbone: Any) -> LaneDetector:
    return LaneDetector(
        backbone=dict(type=ENet, **backbone),
        head=dict(
            type=LaneSegmentationHead,
            num_lanes=4,
            seg_stage="D2",
            classifier=dict(type=TransposedConvClassifier),
            existence_branch=dict(type=ExistenceBranch, stage="E3"),
            decoder=DECODER,
        ),
        view=dict(type=LetterboxView, input_shape=SHAPE),
    )


def _resnet() -> LaneDetector:
    return LaneDetector(
        backbone=dict(type=ResNet, depth=18, weights=None),
        head=dict(
            type=LaneSegmentationHead,
            num_lanes=4,
            seg_stage="layer4",
            classifier=dict(type=ConvClassifier),
            upsampling=8,
            existence_branch=dict(type=LogitsExistenceBranch),
            decoder=DECODER,
        ),
        view=dict(type=StretchView, input_shape=SHAPE),
    )


NETWORKS: dict[str, Callable[[], LaneDetector]] = {
    "ENet-SAD": _enet,
    "ENet": lambda: _enet(extra_stage=False),
    "E4 of its own": lambda: _enet(share_extra_stage=False),
    "ResNet-18": _resnet,
}


def _as_if_trained(detector: LaneDetector) -> LaneDetector:
    """Give every normalisation and activation values that training might leave."""
    torch.manual_seed(0)
    for module in detector.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, 0.0, 0.3)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
            nn.init.uniform_(module.weight, -1.5, 1.5)  # negative scales occur too
            nn.init.normal_(module.bias, 0.0, 0.3)
        if isinstance(module, nn.PReLU):
            nn.init.uniform_(module.weight, -0.3, 1.3)
    return detector.eval()


@pytest.fixture(params=list(NETWORKS), scope="module")
def detector(request: pytest.FixtureRequest) -> LaneDetector:
    torch.manual_seed(0)
    return _as_if_trained(NETWORKS[request.param]())


@pytest.fixture(scope="module")
def inputs() -> torch.Tensor:
    return torch.randn(2, 3, *SHAPE, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_stages_and_logits_are_the_same(detector, inputs) -> None:
    fast = detector.fused()
    expected, got = detector.extract_features(inputs), fast.extract_features(inputs)
    assert list(got) == list(expected)
    for stage, feature in expected.items():
        size = feature.abs().max()
        torch.testing.assert_close(got[stage] / size, feature / size, atol=1e-5, rtol=0)
    for output, other in zip(fast(inputs), detector(inputs), strict=True):
        size = max(1.0, float(other.abs().max()))
        torch.testing.assert_close(output / size, other / size, atol=1e-5, rtol=0)


@torch.no_grad()
def test_probabilities_are_the_same(detector, inputs) -> None:
    got, expected = detector.fused()(inputs), detector(inputs)
    for logits, other in zip(got, expected, strict=True):
        torch.testing.assert_close(
            logits.softmax(dim=1), other.softmax(dim=1), atol=1e-4, rtol=0
        )


def test_lanes_are_the_same(detector, inputs) -> None:
    def lanes_of(model: LaneDetector) -> list[LaneSample]:
        view = model.view((180, 320))
        samples = [LaneSample(metainfo={"view": view}) for _ in inputs]
        with torch.no_grad():
            return model(inputs, samples, mode="predict")

    for sample, other in zip(
        lanes_of(detector.fused()), lanes_of(detector), strict=True
    ):
        assert sample.pred_slots == other.pred_slots
        assert sample.pred_lanes
        for lane, expected in zip(sample.pred_lanes, other.pred_lanes, strict=True):
            np.testing.assert_allclose(lane, expected, atol=0.05)


def test_nothing_is_left_to_normalise_and_the_detector_is_not_touched(detector) -> None:
    before = copy.deepcopy(detector.state_dict())
    fast = detector.fused()
    left = [m for m in fast.modules() if isinstance(m, nn.BatchNorm2d | nn.Dropout2d)]
    assert left == []
    assert not any(parameter.requires_grad for parameter in fast.parameters())
    with torch.no_grad():
        for parameter in fast.parameters():
            parameter.zero_()
    for name, tensor in detector.state_dict().items():
        assert torch.equal(tensor, before[name]), name


@torch.no_grad()
def test_a_network_of_torchvision_stays_as_it_is(inputs) -> None:
    stages = {"layer4": "features.3"}
    backbone = dict(type=TorchvisionFeatures, name="mobilenet_v3_large", stages=stages)
    head = dict(
        type=LaneSegmentationHead,
        num_lanes=4,
        seg_stage="layer4",
        classifier=dict(type=ConvClassifier),
        existence_branch=None,
        upsampling=4,
    )
    view = dict(type=StretchView, input_shape=SHAPE)
    detector = _as_if_trained(LaneDetector(backbone=backbone, head=head, view=view))
    got, expected = detector.fused()(inputs), detector(inputs)
    torch.testing.assert_close(got.seg_logits, expected.seg_logits, atol=1e-4, rtol=0)


@torch.no_grad()
def test_a_detector_can_be_changed_in_place(model_config) -> None:
    detector = _as_if_trained(MODELS.build(model_config))
    inputs = torch.randn(1, 3, 32, 64, generator=torch.Generator().manual_seed(1))
    expected = detector.fused()(inputs)
    assert detector.fuse() is detector
    assert not any(isinstance(part, nn.BatchNorm2d) for part in detector.modules())
    for output, other in zip(detector(inputs), expected, strict=True):
        assert torch.equal(output, other)


def test_what_only_trains_is_left_out(model_config) -> None:
    detector = MODELS.build(model_config)
    assert detector.distiller is not None
    fast = detector.train().fused()
    assert fast.distiller is None
    assert not fast.training
    assert detector.training

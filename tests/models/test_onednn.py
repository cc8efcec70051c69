import pytest
import torch
from mmengine.registry import MODELS
from torch import nn

from lanedet.models import ConvClassifier, ResNet, prepare_for_onednn
from lanedet.models.onednn import PreparedConv2d

CONVOLUTIONS = {
    "1x1": nn.Conv2d(8, 12, 1),
    "3x3": nn.Conv2d(8, 5, 3, padding=1, bias=False),
    "dilated": nn.Conv2d(8, 16, 3, padding=4, dilation=4),
    "5x1": nn.Conv2d(8, 8, (5, 1), padding=(2, 0)),
    "strided": nn.Conv2d(8, 16, 2, stride=2),
}
ACTIVATIONS = {"relu": nn.ReLU(), "leaky": nn.LeakyReLU(-0.3), "none": nn.Identity()}


@pytest.fixture(params=["channels last", "channels first"])
def inputs(request: pytest.FixtureRequest) -> torch.Tensor:
    torch.manual_seed(1)
    image = torch.randn(2, 8, 20, 12)
    if request.param == "channels first":
        return image
    return image.contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
@pytest.mark.parametrize("conv", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
@torch.no_grad()
def test_a_prepared_convolution_activates_and_adds(conv, activation, inputs) -> None:
    prepared = PreparedConv2d(conv, activation)
    torch.testing.assert_close(prepared(inputs), activation(conv(inputs)))
    other = torch.randn_like(conv(inputs))
    before = other.clone()
    added = PreparedConv2d(conv).add_to(other, inputs, activation)
    torch.testing.assert_close(added, activation(conv(inputs) + other))
    assert torch.equal(other, before)


def test_a_resnet_is_not_prepared(model_config) -> None:
    model_config["backbone"] = {"type": ResNet, "depth": 18, "weights": None}
    model_config["head"]["seg_stage"] = "layer1"
    model_config["head"]["classifier"] = {"type": ConvClassifier, "in_channels": 64}
    model_config["head"]["existence_branch"] = None
    model_config["distiller"] = None
    detector = MODELS.build(model_config)
    modules = prepare_for_onednn(detector.fused()).modules()
    assert not any(isinstance(module, PreparedConv2d) for module in modules)


def test_what_cannot_be_prepared_stays(model_config) -> None:
    detector = MODELS.build(model_config)
    detector.head.classifier = nn.Sequential(
        nn.Conv2d(16, 5, 3, padding="same"), nn.Conv2d(5, 5, 1), nn.ReLU()
    )
    by_name, prepared = prepare_for_onednn(detector.fused()).head.classifier
    assert type(by_name) is nn.Conv2d
    assert isinstance(prepared, PreparedConv2d)


def test_without_the_operators_the_fused_detector_remains(
    model_config, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = MODELS.build(model_config)

    def num_prepared() -> int:
        return sum(
            isinstance(m, PreparedConv2d)
            for m in prepare_for_onednn(detector.fused()).modules()
        )

    assert num_prepared() > 50
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert num_prepared() == 0

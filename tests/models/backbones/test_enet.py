import pytest
import torch
from torch import nn

from lanedet.models import ENet


def test_stages_have_the_shapes_of_the_paper() -> None:
    features = ENet().eval()(torch.zeros(1, 3, 48, 64))
    assert {name: tuple(x.shape[1:]) for name, x in features.items()} == {
        "E1": (64, 12, 16),
        "E2": (128, 6, 8),
        "E3": (128, 6, 8),
        "E4": (128, 6, 8),
        "D1": (64, 12, 16),
        "D2": (16, 24, 32),
    }


def test_without_decoder_the_encoder_is_the_same() -> None:
    torch.manual_seed(0)
    whole, encoder = ENet().eval(), ENet(decoder=False).eval()
    state = whole.state_dict()
    encoder.load_state_dict({name: state[name] for name in encoder.state_dict()})
    inputs = torch.rand(1, 3, 48, 64)
    features, encoded = whole(inputs), encoder(inputs)
    assert list(encoded) == list(encoder.stage_channels) == ["E1", "E2", "E3", "E4"]
    for name, feature in encoded.items():
        assert torch.equal(feature, features[name])
    for name, feature in encoder.fuse()(inputs).items():
        torch.testing.assert_close(feature, features[name], atol=1e-4, rtol=1e-4)


def test_shared_stage_shares_convolutions_but_no_statistics() -> None:
    network = ENet()
    assert network.e4 is not None
    pairs = list(zip(network.e3.modules(), network.e4.modules(), strict=True))
    for third, fourth in pairs:
        if isinstance(third, nn.Conv2d):
            assert third.weight is fourth.weight
        if isinstance(third, nn.BatchNorm2d):
            assert third.weight is not fourth.weight
            assert third.running_mean is not fourth.running_mean


def test_without_extra_stage_there_is_no_e4() -> None:
    features = ENet(extra_stage=False).eval()(torch.zeros(1, 3, 16, 16))
    assert list(features) == ["E1", "E2", "E3", "D1", "D2"]


@pytest.mark.parametrize("extra_stage", [True, False])
def test_channels_of_the_stages_are_known_before_they_are_computed(
    extra_stage: bool,
) -> None:
    network = ENet(extra_stage=extra_stage).eval()
    features = network(torch.zeros(1, 3, 16, 16))
    channels = {name: x.shape[1] for name, x in features.items()}
    assert list(network.stage_channels.items()) == list(channels.items())


@pytest.mark.parametrize(
    ("size", "message"),
    [
        pytest.param((300, 800), "height 300 .* multiple of 8. Use 296 or 304", id="H"),
        pytest.param((296, 801), "width 801 .* multiple of 8. Use 800 or 808", id="W"),
        pytest.param((4, 800), "height 4 .* multiple of 8. Use 8[.]", id="small"),
    ],
)
def test_size_that_does_not_divide_is_refused(
    size: tuple[int, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ENet()(torch.zeros(1, 3, *size))


def test_gradient_reaches_every_parameter() -> None:
    torch.manual_seed(0)
    network = ENet()
    network(torch.randn(2, 3, 32, 32))["D2"].square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name

import pytest
import torch
from torch import nn

from lanedet.models import ENet, ExistenceBranch


def count_parameters(*modules: nn.Module) -> int:
    return sum(p.numel() for module in modules for p in module.parameters())


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


def test_shared_extra_stage_gives_the_papers_parameter_count() -> None:
    # 0.98 M is claimed for 288x800 and four lanes in the authors' repository,
    # https://github.com/cardwing/Codes-for-Lane-Detection. With E3 and E4 sharing
    # convolutions the count is 0.986 M; with separate stages it would be 1.13 M.
    exist = ExistenceBranch(in_channels=128, input_shape=(288, 800), num_lanes=4)
    classifier = nn.ConvTranspose2d(16, 5, 3)
    assert count_parameters(ENet(), exist, classifier) == pytest.approx(
        0.98e6, rel=0.01
    )
    separate = ENet(share_extra_stage=False)
    assert count_parameters(separate, exist, classifier) > 1.12e6


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


@pytest.mark.parametrize(
    ("size", "message"),
    [
        pytest.param((300, 800), "height 300 .* multiple of 8. Use 296 or 304", id="H"),
        pytest.param((296, 801), "width 801 .* multiple of 8. Use 800 or 808", id="W"),
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

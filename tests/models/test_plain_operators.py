import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lanedet.models import ENet, to_plain_operators
from lanedet.models.backbones.enet import DownBottleneck, UpBottleneck
from lanedet.models.fuse import fuse


def _settled(module: nn.Module) -> nn.Module:
    """Return the fused form of a module whose normalisations are not the identity."""
    module.requires_grad_(False)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.running_mean, -1, 1)
            nn.init.uniform_(part.running_var, 0.5, 2)
    return fuse(module.eval())


@pytest.mark.parametrize(
    "x",
    [
        pytest.param(torch.randint(0, 3, (2, 16, 8, 12)).float(), id="ties"),
        pytest.param(torch.zeros(1, 16, 8, 8), id="all the same"),
        pytest.param(torch.randn(1, 16, 16, 8), id="none"),
        pytest.param(torch.full((1, 16, 4, 4), -1.0), id="below zero"),
    ],
)
def test_pooling_and_unpooling_are_the_same_number_for_number(x: torch.Tensor) -> None:
    torch.manual_seed(0)
    down = _settled(DownBottleneck(16, 64, 0.1))
    up = _settled(UpBottleneck(64, 16))
    plain_down = to_plain_operators(copy.deepcopy(down))
    plain_up = to_plain_operators(copy.deepcopy(up))
    with torch.no_grad():
        out, indices = down(x)
        plain_out, masks = plain_down(x)
        assert torch.equal(out, plain_out)
        assert torch.equal(up(out, indices), plain_up(plain_out, masks))


def test_of_equal_pixels_the_first_is_the_maximum() -> None:
    x = torch.zeros(1, 16, 2, 2)
    x[0, 0] = torch.tensor([[0.0, 5.0], [5.0, 5.0]])
    _, masks = to_plain_operators(_settled(DownBottleneck(16, 64, 0.0)))(x)
    assert [mask[0, 0].item() for mask in masks] == [0, 1, 0, 0]
    assert [mask[0, 1].item() for mask in masks] == [1, 0, 0, 0]
    _, indices = F.max_pool2d(x, 2, return_indices=True)
    assert indices[0, :2].flatten().tolist() == [1, 0]


def test_without_a_decoder_nothing_is_kept() -> None:
    block = to_plain_operators(
        _settled(DownBottleneck(16, 64, 0.0, keep_indices=False))
    )
    assert block(torch.zeros(1, 16, 4, 4))[1] is None


def test_all_stages_of_enet_stay_as_they_are() -> None:
    torch.manual_seed(0)
    network = _settled(ENet())
    plain = to_plain_operators(copy.deepcopy(network))
    x = torch.randn(1, 3, 32, 48)
    x[..., 16:32] = 0.25  # ties
    with torch.no_grad():
        features = network(x.clone())
        plain_features = plain(x)
    assert features.keys() == plain_features.keys()
    for stage, feature in features.items():
        # The first block sums in another order.
        assert torch.allclose(feature, plain_features[stage], atol=1e-4), stage


def test_other_layers_are_left_alone() -> None:
    layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    assert [*to_plain_operators(layers)] == [*layers]

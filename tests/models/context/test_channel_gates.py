import pytest
import torch
from torch import Tensor, nn

from lanedet.models.context import ChannelAndPixelGate, ChannelGate
from lanedet.models.fuse import fuse


def image() -> Tensor:
    return torch.randn(2, 32, 4, 6, generator=torch.Generator().manual_seed(1))


def test_without_weights_a_channel_is_halved_and_a_large_bias_lets_it_pass() -> None:
    module, x = ChannelGate(32), image()
    nn.init.zeros_(module.gate.fc2.weight)
    nn.init.zeros_(module.gate.fc2.bias)
    torch.testing.assert_close(module(x), x / 2)
    nn.init.constant_(module.gate.fc2.bias, 100.0)
    torch.testing.assert_close(module(x), x)


def test_a_channels_gate_is_the_formula() -> None:
    module, x = ChannelGate(32), image()
    mean = x.mean(dim=(2, 3))
    first, second = module.gate.fc1, module.gate.fc2
    hidden = (mean @ first.weight[:, :, 0, 0].T + first.bias).relu()
    gate = (hidden @ second.weight[:, :, 0, 0].T + second.bias).sigmoid()
    torch.testing.assert_close(module(x), x * gate[:, :, None, None])


def test_it_adds_2_c_squared_over_16_weights() -> None:
    num = sum(each.numel() for each in ChannelGate(128).parameters())
    assert num == 2 * 128**2 // 16 + 8 + 128


def test_without_weights_both_gates_halve() -> None:
    module, x = ChannelAndPixelGate(32).eval(), image()
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    torch.testing.assert_close(module(x), x / 4)


def test_gates_of_channels_and_pixels_are_those_of_cbam() -> None:
    timm = pytest.importorskip("timm.layers.cbam")
    module, x = ChannelAndPixelGate(32).eval(), image()
    theirs = timm.CbamModule(32, rd_ratio=1 / 16, rd_divisor=1).eval()
    nn.init.normal_(module.pixel_gate[1].running_mean)
    theirs.channel.fc1.weight.data = module.channel_gate[0].weight
    theirs.channel.fc2.weight.data = module.channel_gate[2].weight
    theirs.spatial.conv.conv.weight.data = module.pixel_gate[0].weight
    theirs.spatial.conv.bn.load_state_dict(module.pixel_gate[1].state_dict())
    torch.testing.assert_close(module(x), theirs(x))


def test_fused_it_gives_the_same() -> None:
    module, x = ChannelAndPixelGate(32).eval(), image()
    nn.init.normal_(module.pixel_gate[1].running_mean)
    with torch.inference_mode():
        expected = module(x)
        torch.testing.assert_close(fuse(module)(x), expected)
    assert not any(isinstance(each, nn.BatchNorm2d) for each in module.modules())


@pytest.mark.parametrize("kind", [ChannelGate, ChannelAndPixelGate])
@pytest.mark.parametrize("reduction", [0, 33])
def test_reductions_that_leave_no_channel_are_refused(
    kind: type[nn.Module], reduction: int
) -> None:
    with pytest.raises(ValueError, match=r"reduction must lie in \[1, 32\]"):
        kind(32, reduction=reduction)

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.context import ACmix, SelfAttention2d
from lanedet.models.context.local_attention import local_attention
from lanedet.models.context.positions import pixel_positions

MODES = ("local", "patchwise", "window", "global")


def image(*size: int, channels: int = 8) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, channels, *size, dtype=torch.float64, generator=generator)


def layer(channels: int = 8, heads: int = 2, **options: Any) -> ACmix:
    torch.manual_seed(0)
    module = ACmix(channels, heads, **options)
    for conv in (module.query, module.key, module.value):
        nn.init.normal_(conv.weight)
        nn.init.normal_(conv.bias)
    return module.double()


def weigh(module: ACmix, alpha: float, beta: float) -> ACmix:
    nn.init.constant_(module.alpha, alpha)
    nn.init.constant_(module.beta, beta)
    return module


@pytest.mark.parametrize(("conv_size", "dilation"), [(3, 1), (5, 1), (3, 2), (1, 1)])
def test_the_convolution_is_that_of_its_taps(conv_size: int, dilation: int) -> None:
    """Tap p maps the input by sum_i mix[p, i] P_i, P_i the rows of head i's q, k, v."""
    module = weigh(layer(conv_size=conv_size, dilation=dilation), 0, 1)
    for conv in (module.query, module.key, module.value):
        nn.init.zeros_(conv.bias)
    parts = torch.cat(
        [
            conv.weight[:, :, 0, 0].unflatten(0, (2, 4))  # heads, d, channels
            for conv in (module.query, module.key, module.value)
        ]
    )
    taps = torch.einsum("pi,idc->pdc", module.mix.weight[:, :, 0, 0], parts)
    kernel = taps.permute(1, 2, 0).unflatten(2, (conv_size, conv_size))
    x = image(5, 7)
    once = F.conv2d(x, kernel, padding=conv_size // 2 * dilation, dilation=dilation)
    torch.testing.assert_close(module(x), once.repeat(1, 2, 1, 1))  # for each head


def test_with_three_heads_it_can_be_any_3x3_convolution() -> None:
    """9 maps of a head of 4 channels: each a tap, and the mixture passes each on."""
    module = weigh(layer(12, 3), 0, 1)
    conv = nn.Conv2d(12, 4, 3, padding=1, bias=False).double()
    taps = conv.weight.flatten(2).permute(2, 0, 1)  # 9, 4, 12
    for number, part in enumerate((module.query, module.key, module.value)):
        part.weight.data = taps[3 * number : 3 * number + 3].flatten(0, 1)[
            ..., None, None
        ]
        nn.init.zeros_(part.bias)
    module.mix.weight.data = torch.eye(9, dtype=torch.float64)[..., None, None]
    x = image(5, 7, channels=12)
    torch.testing.assert_close(module(x), conv(x).repeat(1, 3, 1, 1))


@pytest.mark.parametrize("tap", [0, 4, 5])
def test_each_tap_begins_as_a_shift(tap: int) -> None:
    module = layer()
    x = torch.zeros(1, 4, 9, 5, 7, dtype=torch.float64)
    x[:, :, tap] = image(5, 7)[:1, :4]
    shifted = module.shift_and_sum(x.flatten(1, 2)).unflatten(1, (4, 2))
    padded = F.pad(x[:, :, tap], (1, 1, 1, 1))
    top, left = divmod(tap, 3)
    expected = padded[..., top : top + 5, left : left + 7]
    for head in range(2):
        torch.testing.assert_close(shifted[:, :, head], expected)


def test_local_attention_alone_is_the_formula() -> None:
    module, x = weigh(layer(kernel_size=3), 1, 0), image(5, 7)
    query, key, value = (
        conv(x).unflatten(1, (2, 4))
        for conv in (module.query, module.key, module.value)
    )
    offsets = (pixel_positions(3, 3, x.device) - 1).double() @ module.position
    expected = local_attention(query / 2, key, value, offsets)
    torch.testing.assert_close(module(x), expected.flatten(1, 2))


def test_global_attention_alone_is_self_attention() -> None:
    module, x = weigh(layer(mode="global"), 1, 0), image(5, 7)
    whole = SelfAttention2d(8, 2).double()
    for name in ("query", "key", "value"):
        getattr(whole, name).load_state_dict(getattr(module, name).state_dict())
    whole.out = nn.Identity()
    torch.testing.assert_close(module(x), whole(x))


def test_a_window_over_the_map_is_global_but_for_its_bias() -> None:
    window = weigh(layer(mode="window", kernel_size=7), 1, 0)
    nn.init.zeros_(window.bias.table)
    whole, x = weigh(layer(mode="global"), 1, 0), image(5, 7)
    whole.load_state_dict(
        {k: v for k, v in window.state_dict().items() if k != "bias.table"}
    )
    torch.testing.assert_close(window(x), whole(x))


def test_patchwise_weights_come_from_the_whole_patch() -> None:
    module, x = weigh(layer(mode="patchwise", kernel_size=3), 1, 0), image(5, 7)
    query, key, value = (conv(x) for conv in (module.query, module.key, module.value))
    patches = F.unfold(key, 3, padding=1).view(2, 2, 4, 9, 5, 7)
    around = F.unfold(value, 3, padding=1).view(2, 2, 4, 9, 5, 7)
    expected = torch.empty_like(x)
    for head in range(2):
        part = slice(4 * head, 4 * head + 4)
        hidden = torch.einsum(
            "hc,bcyx->bhyx", module.from_query.weight[part, :, 0, 0], query[:, part]
        ) + torch.einsum(
            "hcp,bcpyx->bhyx",
            module.from_keys.weight[part].flatten(2),
            patches[:, head],
        )
        hidden = (hidden + module.from_query.bias[part, None, None]).relu()
        nine = slice(9 * head, 9 * head + 9)
        weights = torch.einsum(
            "ph,bhyx->bpyx", module.to_weights.weight[nine, :, 0, 0], hidden
        )
        weights = weights + module.to_weights.bias[nine, None, None]
        expected[:, part] = torch.einsum("bpyx,bcpyx->bcyx", weights, around[:, head])
    torch.testing.assert_close(module(x), expected)


@pytest.mark.parametrize("mode", MODES)
def test_the_two_paths_are_summed_by_their_weights(mode: Any) -> None:
    module, x = layer(mode=mode, kernel_size=3), image(5, 7)
    attended = weigh(module, 1, 0)(x)
    convolved = weigh(module, 0, 1)(x)
    torch.testing.assert_close(weigh(module, 2, 3)(x), 2 * attended + 3 * convolved)
    assert not weigh(module, 0, 0)(x).any()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (8, 22)])
def test_maps_may_be_smaller_than_a_window(mode: Any, size: tuple[int, int]) -> None:
    module, x = layer(mode=mode), image(*size)
    out = module(x)
    assert out.shape == x.shape
    assert out.isfinite().all()


@pytest.mark.parametrize("mode", MODES)
def test_gradients_reach_every_parameter(mode: Any) -> None:
    module = layer(mode=mode, kernel_size=3)
    module(image(5, 7)).square().sum().backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_it_has_the_published_parameters() -> None:
    """17,822 in the official code, of which 16 are a bias that cannot matter."""
    module = ACmix(64, 4, kernel_size=7)
    num = sum(each.numel() for each in module.parameters())
    assert num == 3 * (64**2 + 64) + 32 + 108 + 5_184 + 2 == 17_822 - 16


def test_half_precision_keeps_its_type() -> None:
    module = ACmix(8, 2, kernel_size=3)
    with torch.autocast("cpu", torch.bfloat16):
        assert module.half().float()(image(5, 7).float()).isfinite().all()
    assert module.half()(image(5, 7).half()).dtype == torch.float16


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": 3}, "heads must divide"),
        ({"mode": "axial"}, "mode must be one of"),
        ({"kernel_size": 4}, "kernel_size must be odd"),
        ({"conv_size": 2}, "kernel_size must be odd"),
        ({"dilation": 0}, "dilation must be at least 1"),
        ({"mode": "window", "shift": 7}, r"shift lie in \[0, kernel_size\)"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ACmix(8, **options)

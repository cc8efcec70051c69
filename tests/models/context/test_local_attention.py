from typing import TypeVar

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.benchmark.models import count_macs
from lanedet.models.context import (
    LocalSelfAttention,
    SelfAttention2d,
    WindowSelfAttention,
)


def image(*size: int, channels: int = 8) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, channels, *size, dtype=torch.float64, generator=generator)


Module = TypeVar("Module", bound=nn.Module)


def filled(module: Module) -> Module:
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    return module.double()


def by_hand(module: LocalSelfAttention, x: Tensor) -> Tensor:
    """The formula of the paper, pixel by pixel."""
    query, key, value = module.query(x), module.key(x), module.value(x)
    reach = module.kernel_size // 2
    batch, channels, height, width = x.shape
    size = channels // module.heads
    out = torch.zeros_like(query)
    for b in range(batch):
        for head in range(module.heads):
            part = slice(size * head, size * (head + 1))
            for y in range(height):
                for u in range(width):
                    scores, values = [], []
                    for dy in range(-reach, reach + 1):
                        for dx in range(-reach, reach + 1):
                            v, w = y + dy * module.dilation, u + dx * module.dilation
                            if not (0 <= v < height and 0 <= w < width):
                                continue
                            place = torch.cat(
                                [
                                    module.offsets.rows[dy + reach],
                                    module.offsets.columns[dx + reach],
                                ]
                            )
                            scores.append(
                                query[b, part, y, u] @ (key[b, part, v, w] + place)
                            )
                            values.append(value[b, part, v, w])
                    weights = torch.stack(scores).softmax(dim=0)
                    out[b, part, y, u] = weights @ torch.stack(values)
    return out


@pytest.mark.parametrize(("kernel_size", "dilation"), [(3, 1), (5, 1), (3, 2), (7, 1)])
def test_it_is_the_formula(kernel_size: int, dilation: int) -> None:
    module = filled(
        LocalSelfAttention(8, 2, kernel_size=kernel_size, dilation=dilation)
    )
    x = image(4, 6)
    torch.testing.assert_close(module(x), by_hand(module, x))


def test_a_window_over_the_whole_map_is_global_attention() -> None:
    module = filled(LocalSelfAttention(8, 2, kernel_size=11))  # 2 * 6 - 1
    nn.init.zeros_(module.offsets.rows)
    nn.init.zeros_(module.offsets.columns)
    whole = SelfAttention2d(8, 2).double()
    for name in ("query", "key", "value"):
        getattr(whole, name).weight.data = getattr(module, name).weight.data
        nn.init.zeros_(getattr(whole, name).bias)
    whole.query.weight.data = (
        2 * module.query.weight.data
    )  # sqrt(d): the paper's scores are not divided by it
    whole.out = nn.Identity()
    x = image(4, 6)
    torch.testing.assert_close(module(x), whole(x))


def test_equal_scores_are_average_pooling_that_knows_the_border() -> None:
    module = filled(LocalSelfAttention(8, 2, kernel_size=3))
    nn.init.zeros_(module.query.weight)
    x = image(4, 6)
    pooled = F.avg_pool2d(module.value(x), 3, 1, 1, count_include_pad=False)
    torch.testing.assert_close(module(x), pooled)


def test_a_window_of_one_pixel_is_a_1x1_convolution() -> None:
    module, x = filled(LocalSelfAttention(8, 2, kernel_size=1)), image(4, 6)
    torch.testing.assert_close(module(x), module.value(x))


def test_no_gradient_comes_from_outside_of_the_window() -> None:
    module = filled(LocalSelfAttention(8, 2, kernel_size=3))
    x = image(5, 9).requires_grad_()
    module(x)[0, :, 0, 4].sum().backward()
    reached = x.grad[0].abs().sum(dim=0) > 0
    expected = torch.zeros(5, 9, dtype=torch.bool)
    expected[:2, 3:6] = True
    assert torch.equal(reached, expected)


def test_inside_a_shifted_map_gives_the_shifted_output() -> None:
    module, x = filled(LocalSelfAttention(8, 2, kernel_size=3)), image(6, 9)
    torch.testing.assert_close(
        module(x.roll(1, 3))[..., 1:-1, 2:-1], module(x)[..., 1:-1, 1:-2]
    )


def test_a_stride_takes_means_behind_the_layer() -> None:
    module, x = filled(LocalSelfAttention(8, 2, kernel_size=3)), image(4, 7)
    strided = filled(LocalSelfAttention(8, 2, kernel_size=3, stride=2))
    torch.testing.assert_close(strided(x), F.avg_pool2d(module(x), 2))


def test_large_scores_do_not_overflow_in_half_precision() -> None:
    torch.manual_seed(0)
    module = LocalSelfAttention(16, heads=2, kernel_size=3)
    for layer in (module.query, module.key, module.value):
        torch.nn.init.normal_(layer.weight, std=0.25)
    x = 100 * torch.randn(1, 16, 6, 8)
    expected = module(x)
    rough = module.half()(x.half())
    assert rough.dtype == torch.float16
    torch.testing.assert_close(rough.float(), expected, atol=1.0, rtol=0.01)


def test_it_has_the_published_parameters() -> None:
    """3 C^2, and K rows and K columns of d / 2 = 4 numbers."""
    module = LocalSelfAttention(64, 8, kernel_size=7)
    assert sum(each.numel() for each in module.parameters()) == 3 * 64**2 + 2 * 7 * 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel_size": 4}, "kernel_size must be odd"),
        ({"dilation": 0}, "dilation must be at least 1"),
        ({"stride": 0}, "stride must be at least 1"),
        ({"heads": 8}, "must be even, got 1. Use fewer heads"),
        ({"heads": 3}, "heads must divide"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    options: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        LocalSelfAttention(8, **options)


def windows_by_hand(module: WindowSelfAttention, x: Tensor) -> Tensor:
    """Global attention in each window, cut out of the map."""
    height, width = x.shape[-2:]
    side = module.window_size
    whole = filled(SelfAttention2d(8, 2, positions="bias", size=(side, side)))
    whole.load_state_dict(
        {
            name.replace("bias.table", "place.table"): value
            for name, value in module.state_dict().items()
        }
    )
    out = torch.empty_like(x)
    for top in range(-module.shift, height, side):
        for left in range(-module.shift, width, side):
            rows, columns = (
                slice(max(top, 0), top + side),
                slice(max(left, 0), left + side),
            )
            if top + side > 0 and left + side > 0:
                out[..., rows, columns] = whole(x[..., rows, columns])
    return out


@pytest.mark.parametrize("size", [(4, 6), (6, 9), (5, 7), (2, 2), (1, 11)])
@pytest.mark.parametrize("shift", [0, 1, 2])
def test_pixels_see_the_window_cut_out_of_the_map(
    size: tuple[int, int], shift: int
) -> None:
    module = filled(WindowSelfAttention(8, 2, window_size=3, shift=shift))
    x = image(*size)
    torch.testing.assert_close(module(x), windows_by_hand(module, x))


@pytest.mark.parametrize("shift", [0, 3, 6, 8])
def test_a_window_larger_than_the_map_sees_what_the_grid_lets_it(shift: int) -> None:
    """With a side of 9: all, or all up to a cut in row or column 9 - shift."""
    module = filled(WindowSelfAttention(8, 2, window_size=9, shift=shift))
    x = image(4, 7)
    torch.testing.assert_close(module(x), windows_by_hand(module, x))


def test_a_window_costs_no_more_than_the_map() -> None:
    """A hundred times the map's sides would take 50 GB."""
    huge = WindowSelfAttention(8, 2, window_size=400, shift=1)
    counted = count_macs(huge, torch.zeros(1, 8, 4, 4))
    assert counted == 4 * 8**2 * 16 + 2 * 16**2 * 8


@pytest.mark.parametrize("options", [{"window_size": 0}, {"shift": 7}, {"shift": -1}])
def test_windows_that_cannot_be_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"shift lie in \[0, window_size\)"):
        WindowSelfAttention(8, **options)

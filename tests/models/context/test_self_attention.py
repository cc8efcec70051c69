import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from lanedet.models.context import (
    GatedPositionalAttention,
    QuadraticSelfAttention,
    SelfAttention2d,
    attention_from_conv,
)
from lanedet.models.context.positions import sinusoidal_positions

SIZE = (4, 6)


def layer(**options: Any) -> SelfAttention2d:
    torch.manual_seed(0)
    made = SelfAttention2d(8, heads=2, **options).double()
    for parameter in made.parameters():
        nn.init.normal_(parameter)
    return made


def image(batch: int = 2, size: tuple[int, int] = SIZE) -> Tensor:
    return torch.randn(
        batch, 8, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )


def by_hand(module: SelfAttention2d, x: Tensor, added: Tensor | None = None) -> Tensor:
    """The formula of the docstring, pixel by pixel and head by head."""
    batch, _, height, width = x.shape
    query, key, value = (
        conv(x).flatten(2) for conv in (module.query, module.key, module.value)
    )
    out = torch.zeros_like(query)
    for b in range(batch):
        for head in range(2):
            part = slice(4 * head, 4 * head + 4)
            for i in range(height * width):
                scores = query[b, part, i] @ key[b, part] / 2  # sqrt(4)
                if added is not None:
                    scores = scores + added[b, head, i]
                out[b, part, i] = value[b, part] @ scores.softmax(dim=0)
    return module.out(out.unflatten(2, (height, width)))


def test_it_is_the_formula() -> None:
    module, x = layer(), image()
    torch.testing.assert_close(module(x), by_hand(module, x))


def test_it_is_pytorchs_multi_head_attention() -> None:
    module, x = layer(), image()
    theirs = nn.MultiheadAttention(8, 2, batch_first=True).double()
    theirs.in_proj_weight.data = torch.cat(
        [conv.weight[:, :, 0, 0] for conv in (module.query, module.key, module.value)]
    )
    theirs.in_proj_bias.data = torch.cat(
        [conv.bias for conv in (module.query, module.key, module.value)]
    )
    theirs.out_proj.weight.data = module.out.weight[:, :, 0, 0]
    theirs.out_proj.bias.data = module.out.bias
    tokens = x.flatten(2).transpose(1, 2)
    expected = theirs(tokens, tokens, tokens)[0].transpose(1, 2).view_as(x)
    torch.testing.assert_close(module(x), expected)


def test_without_positions_permuted_pixels_give_permuted_outputs() -> None:
    x, order = image(), torch.randperm(24, generator=torch.Generator().manual_seed(2))

    def permuted(tensor: Tensor) -> Tensor:
        return tensor.flatten(2)[:, :, order].view_as(tensor)

    module = layer()
    torch.testing.assert_close(module(permuted(x)), permuted(module(x)))
    for positions in ("sinusoidal", "learned", "relative", "bias"):
        size = None if positions == "sinusoidal" else SIZE
        placed = layer(positions=positions, size=size)
        assert not torch.allclose(placed(permuted(x)), permuted(placed(x)), atol=1e-3)


@pytest.mark.parametrize("positions", ["relative", "bias"])
def test_scores_of_places_depend_on_the_offset_alone(positions: str) -> None:
    module = layer(positions=positions, size=(5, 7))  # larger than the map
    assert module.place is not None
    height, width = SIZE
    if positions == "bias":
        added = module.place(height, width)
    else:
        query = torch.ones(1, 2, 24, 4, dtype=torch.float64)
        added = module.place(query, height, width)[0]
    grid = added.view(2, height, width, height, width)
    seen: dict[tuple[int, int], Tensor] = {}
    for y in range(height):
        for x in range(width):
            for v in range(height):
                for u in range(width):
                    first = seen.setdefault((v - y, u - x), grid[:, y, x, v, u])
                    torch.testing.assert_close(first, grid[:, y, x, v, u])
    # Other offsets have other scores.
    assert len({round(scores[0].item(), 9) for scores in seen.values()}) == len(seen)


def test_relative_positions_are_the_formula() -> None:
    module, x = layer(positions="relative", size=SIZE), image(1)
    rows, columns = module.place.rows, module.place.columns
    query = module.query(x)[0].flatten(1)
    added = torch.empty(1, 2, 24, 24, dtype=torch.float64)
    for head in range(2):
        for i in range(24):
            for j in range(24):
                dy, dx = j // 6 - i // 6, j % 6 - i % 6
                vector = rows[dy + 3] + columns[dx + 5]
                added[0, head, i, j] = query[4 * head : 4 * head + 4, i] @ vector / 2
    torch.testing.assert_close(module(x), by_hand(module, x, added))


def test_relative_positions_are_those_of_bottleneck_transformers() -> None:
    timm = pytest.importorskip("timm.layers.bottleneck_attn")
    module, x = layer(positions="relative", size=SIZE), image()
    theirs = timm.BottleneckAttn(8, num_heads=2, feat_size=SIZE, scale_pos_embed=True)
    theirs = theirs.double()
    theirs.qkv.weight.data = torch.cat(
        [conv.weight for conv in (module.query, module.key, module.value)]
    )
    for conv in (module.query, module.key, module.value, module.out):
        nn.init.zeros_(conv.bias)
    theirs.pos_embed.height_rel.data = module.place.rows
    theirs.pos_embed.width_rel.data = module.place.columns
    torch.testing.assert_close(module(x), module.out(theirs(x)))


def test_equal_scores_give_the_mean() -> None:
    module, x = layer(), image()
    nn.init.zeros_(module.query.weight)
    nn.init.zeros_(module.query.bias)
    mean = module.value(x).mean(dim=(2, 3), keepdim=True)
    torch.testing.assert_close(module(x), module.out(mean.expand(-1, -1, *SIZE)))


def test_one_pixel_sees_itself() -> None:
    module, x = layer(), image(size=(1, 1))
    torch.testing.assert_close(module(x), module.out(module.value(x)))


def test_a_constant_map_stays_constant_with_softmax_and_not_with_relu() -> None:
    x = torch.ones(1, 8, *SIZE, dtype=torch.float64)
    module = layer()
    torch.testing.assert_close(module(x), module.out(module.value(x)))
    other = layer(normalization="relu")
    assert not torch.allclose(other(x), other.out(other.value(x)), atol=1e-3)


def test_relu_is_divided_by_the_number_of_pixels() -> None:
    module, x = layer(normalization="relu"), image(1)
    query, key, value = (
        conv(x)[0].flatten(1).view(2, 4, 24)
        for conv in (module.query, module.key, module.value)
    )
    weights = (query.transpose(1, 2) @ key / 2).relu() / 24
    seen = (value @ weights.transpose(1, 2)).reshape(1, 8, *SIZE)
    torch.testing.assert_close(module(x), module.out(seen))


def test_additive_scores_are_the_formula() -> None:
    module, x = layer(similarity="additive"), image(1)
    query, key, value = (
        conv(x)[0].flatten(1).view(2, 4, 24)
        for conv in (module.query, module.key, module.value)
    )
    seen = torch.empty(2, 4, 24, dtype=torch.float64)
    for head in range(2):
        for i in range(24):
            sums = torch.tanh(query[head, :, i, None] + key[head])
            scores = module.direction[head] @ sums
            seen[head, :, i] = value[head] @ scores.softmax(dim=0)
    torch.testing.assert_close(module(x), module.out(seen.reshape(1, 8, *SIZE)))


def test_a_radius_hides_what_is_farther() -> None:
    module, x = layer(radius=1), image(1).requires_grad_()
    module(x)[0, :, 2, 3].sum().backward()
    reached = x.grad[0].abs().sum(dim=0) > 0
    expected = torch.zeros(SIZE, dtype=torch.bool)
    expected[1:4, 2:5] = True
    assert torch.equal(reached, expected)
    whole = layer(radius=5)
    torch.testing.assert_close(whole(image()), layer()(image()))
    alone = layer(radius=0)
    torch.testing.assert_close(alone(image()), alone.out(alone.value(image())))


def test_sinusoidal_positions_have_known_values() -> None:
    waves = sinusoidal_positions(8, 3, 5)
    assert waves.shape == (8, 3, 5)
    y, x = 2, 4
    expected = [
        math.sin(y),
        math.cos(y),
        math.sin(y / 100),
        math.cos(y / 100),
        math.sin(x),
        math.cos(x),
        math.sin(x / 100),
        math.cos(x / 100),
    ]
    torch.testing.assert_close(waves[:, y, x], torch.tensor(expected))


class LargestTensor(TorchDispatchMode):
    """Notes the most bytes that any operation returned."""

    def __init__(self) -> None:
        super().__init__()
        self.num_bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for each in result if isinstance(result, tuple | list) else (result,):
            if isinstance(each, Tensor):
                self.num_bytes = max(self.num_bytes, each.nbytes)
        return result


@pytest.mark.parametrize(
    "module",
    [
        SelfAttention2d(32, heads=4),
        SelfAttention2d(32, heads=4, positions="sinusoidal"),
        GatedPositionalAttention(32, heads=4),
        QuadraticSelfAttention(32, heads=3),
        attention_from_conv(nn.Conv2d(32, 32, (1, 3), padding=(0, 1))),
    ],
    ids=lambda module: type(module).__name__,
)
def test_no_scores_of_all_pairs_are_kept(module: nn.Module) -> None:
    """36x100 pixels are 3,600, the scores of their pairs 52 MB for each head."""
    x = torch.randn(1, 32, 36, 100, requires_grad=True)
    with LargestTensor() as largest:
        module(x).sum().backward()
    assert x.nbytes <= largest.num_bytes <= 1_500_000


@pytest.mark.parametrize("positions", [None, "sinusoidal", "relative"])
def test_gradients_reach_every_parameter_and_are_finite(positions: Any) -> None:
    size = SIZE if positions == "relative" else None
    module = SelfAttention2d(8, heads=2, positions=positions, size=size)
    module(image().float()).square().sum().backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        if name != "key.bias":  # softmax ignores what all keys have in common
            assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("options", [{"similarity": "additive"}, {"radius": 2}, {}])
def test_large_scores_do_not_overflow_in_half_precision(
    options: dict[str, Any],
) -> None:
    torch.manual_seed(0)
    module = SelfAttention2d(16, 2, **options)
    for layer in (module.query, module.key, module.value):
        torch.nn.init.normal_(layer.weight, std=0.25)
    x = 300 * torch.randn(1, 16, 6, 8)
    expected = module(x)
    rough = module.half()(x.half())
    assert rough.dtype == torch.float16
    assert rough.isfinite().all()
    # Where two scores are all but equal, rounding chooses between their pixels.
    error = (rough.float() - expected).abs().quantile(0.9)
    assert error < 0.02 * expected.abs().max()


def test_half_precision_is_near() -> None:
    module, x = SelfAttention2d(8, heads=2, positions="sinusoidal"), image().float()
    with torch.autocast("cpu", torch.bfloat16):
        rough = module(x)
    assert rough.dtype == torch.bfloat16
    torch.testing.assert_close(rough.float(), module(x), atol=2e-4, rtol=0.05)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"heads": 3},
            r"heads must divide the 8 channels, got 3. Use one of \[1, 2, 4",
        ),
        ({"similarity": "cosine"}, "similarity must be one of"),
        ({"normalization": "max"}, "normalization must be one of"),
        ({"positions": "polar"}, "positions must be one of"),
        ({"positions": "relative"}, r"'relative' need size"),
        ({"positions": "bias", "size": (0, 4)}, r"of a map, got \(0, 4\)"),
        ({"positions": "sinusoidal", "size": SIZE}, "'sinusoidal'. Leave it out"),
        ({"radius": -1}, "radius must be at least 0"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        SelfAttention2d(8, **options)


def test_channels_that_have_no_waves_are_refused() -> None:
    with pytest.raises(ValueError, match="channels that 4 divides, got 6"):
        SelfAttention2d(6, 2, positions="sinusoidal")


@pytest.mark.parametrize("positions", ["learned", "relative", "bias"])
def test_maps_that_positions_do_not_know_are_refused(positions: Any) -> None:
    module = layer(positions=positions, size=(3, 6))
    with pytest.raises(ValueError, match=r"maps of 3x6, got one of 4x6"):
        module(image())


def test_additive_scores_of_a_large_map_are_refused() -> None:
    module = SelfAttention2d(64, similarity="additive")
    with pytest.raises(ValueError, match="Use similarity='dot', or a deeper stage"):
        module(torch.zeros(1, 64, 36, 100))

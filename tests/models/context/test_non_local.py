import pytest
import torch
from torch import Tensor, nn

from lanedet.models.context import NonLocalAttention


def image(*size: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, 16, *size, dtype=torch.float64, generator=generator)


def layer(*, pools: bool, gamma: float = 1.0) -> NonLocalAttention:
    torch.manual_seed(0)
    module = NonLocalAttention(16, pools=pools).double()
    nn.init.constant_(module.gamma, gamma)
    return module


def test_it_begins_as_the_identity_bit_for_bit() -> None:
    x = image(4, 6).float()
    assert torch.equal(NonLocalAttention(16)(x), x)


def test_it_is_the_formula() -> None:
    module, x = layer(pools=False), image(4, 6)
    key, query, value = (
        conv(x).flatten(2) for conv in (module.key, module.query, module.value)
    )
    weights = (query.transpose(1, 2) @ key).softmax(dim=2)  # b, j, i
    seen = value @ weights.transpose(1, 2)
    torch.testing.assert_close(module(x), x + module.out(seen.view(2, 8, 4, 6)))


def test_pooled_keys_are_maxima_of_four() -> None:
    module, x = layer(pools=True), image(4, 6)
    blocks = [
        conv(x).view(2, -1, 2, 2, 3, 2).amax(dim=(3, 5)).flatten(2)
        for conv in (module.key, module.value)
    ]
    weights = (module.query(x).flatten(2).transpose(1, 2) @ blocks[0]).softmax(dim=2)
    seen = blocks[1] @ weights.transpose(1, 2)
    torch.testing.assert_close(module(x), x + module.out(seen.view(2, 8, 4, 6)))


def test_on_a_constant_map_pooling_changes_nothing() -> None:
    x = torch.ones(1, 16, 5, 7, dtype=torch.float64)  # odd sides, too
    torch.testing.assert_close(layer(pools=True)(x), layer(pools=False)(x))


def test_at_first_only_the_scale_learns() -> None:
    module, x = layer(pools=True, gamma=0.0), image(4, 6)
    direction = image(4, 6).flip(3)
    (module(x) * direction).sum().backward()
    nn.init.ones_(module.gamma)
    added = module(x) - x
    torch.testing.assert_close(module.gamma.grad, (added * direction).sum())
    assert not module.key.weight.grad.any()


def test_large_scores_do_not_overflow_in_half_precision() -> None:
    module = layer(pools=False).half()
    assert module(100 * image(4, 6).half()).isfinite().all()


def test_channels_that_have_no_eighth_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 8, got 12"):
        NonLocalAttention(12)

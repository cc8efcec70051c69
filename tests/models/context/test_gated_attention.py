import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.context import GatedPositionalAttention, SelfAttention2d


def image(*size: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, 18, *size, dtype=torch.float64, generator=generator)


def layer(heads: int = 9, *, locality: float = 1.0, gate: float = 1.0) -> nn.Module:
    torch.manual_seed(0)
    module = GatedPositionalAttention(18, heads, locality=locality, gate=gate)
    for conv in (module.query, module.key, module.out):
        nn.init.normal_(conv.weight)
    return module.double()


@pytest.mark.parametrize("size", [(4, 16), (5, 5)])
def test_a_closed_gate_is_a_convolution_on_any_map(size: tuple[int, int]) -> None:
    """Head h looks at tap h of a 3x3 kernel, and has channels 2 h and 2 h + 1."""
    module, x = layer(locality=46.0, gate=40.0), image(*size)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    seen = torch.cat(
        [
            padded[:, 2 * h : 2 * h + 2, h // 3 :, h % 3 :][..., : size[0], : size[1]]
            for h in range(9)
        ],
        dim=1,
    )
    torch.testing.assert_close(module(x), module.out(seen), atol=1e-10, rtol=0)


def test_an_open_gate_is_plain_attention() -> None:
    module, x = layer(gate=-40.0), image(4, 6)
    plain = SelfAttention2d(18, 9).double()
    plain.load_state_dict(
        {k: v for k, v in module.state_dict().items() if k not in ("places", "gates")}
    )
    torch.testing.assert_close(module(x), plain(x))


@pytest.mark.parametrize("gate", [-2.0, 0.0, 1.0, 40.0])
def test_rows_sum_to_one_at_any_gate(gate: float) -> None:
    module = layer(gate=gate)
    x = torch.ones(1, 18, 4, 6, dtype=torch.float64)
    torch.testing.assert_close(module(x), module.out(x))  # the values begin as x


def test_it_begins_as_a_blur_with_a_third_on_the_target() -> None:
    """softmax(-d^2) gives the target 1 / (1 + 2/e + 2/e^4 + ...)^2 = 0.318."""
    module = layer(gate=40.0)
    x = torch.zeros(1, 18, 15, 15, dtype=torch.float64)
    x[0, 8, 7, 7] = 1  # head 4 looks at the middle
    seen = torch.linalg.solve(
        module.out.weight[:, :, 0, 0], module(x)[0, :, 7, 7] - module.out.bias
    )
    assert seen[8].item() == pytest.approx(0.318, abs=5e-4)


def test_four_heads_look_between_pixels() -> None:
    torch.manual_seed(0)
    module = GatedPositionalAttention(16, 4, locality=46.0, gate=40.0).double()
    module.out = nn.Identity()
    x = torch.randn(1, 16, 4, 6, dtype=torch.float64)
    corner = F.avg_pool2d(x[:, :4], 2, stride=1)  # head 0: half a pixel up and left
    torch.testing.assert_close(module(x)[:, :4, 1:, 1:], corner, atol=1e-8, rtol=0)


def test_gradients_reach_gates_and_places() -> None:
    module = layer()
    module(image(4, 6)).square().sum().backward()
    for parameter in (module.gates, module.places, module.query.weight):
        assert parameter.grad.isfinite().all()
        assert parameter.grad.abs().min() > 0


@pytest.mark.parametrize(
    ("heads", "message"), [(6, "taps of a square kernel"), (4, "heads must divide")]
)
def test_heads_that_do_not_fit_are_refused(heads: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GatedPositionalAttention(18, heads)

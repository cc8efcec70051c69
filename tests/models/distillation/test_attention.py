"""AT-GEN: energies and attention maps of known features."""

import math

import pytest
import torch

from lanedet.models import AttentionGenerator, attention_energy
from lanedet.models.distillation.attention import entropy_share, standardize_energy


@pytest.mark.parametrize(
    ("mapping", "power", "expected"),
    [
        pytest.param("sum", 1, [4.0, 6.0], id="G_sum"),
        pytest.param("sum", 2, [10.0, 20.0], id="G_sum^2"),
        pytest.param("sum", 3, [28.0, 72.0], id="G_sum^3"),
        pytest.param("max", 1, [3.0, 4.0], id="G_max"),
        pytest.param("max", 2, [9.0, 16.0], id="G_max^2"),
        pytest.param("mean", 2, [5.0, 10.0], id="mean over channels"),
    ],
)
def test_mapping_functions_by_hand(
    mapping: str, power: float, expected: list[float]
) -> None:
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, -4.0]]]])  # (1, 2, 1, 2)
    generator = AttentionGenerator(mapping=mapping, power=power)
    torch.testing.assert_close(generator.energy(features), torch.tensor([[expected]]))


def test_the_papers_choice_is_the_sum_of_squares() -> None:
    features = torch.randn(2, 5, 3, 4)
    torch.testing.assert_close(attention_energy(features), (features**2).sum(1))


def test_energy_of_half_precision_is_summed_in_float32() -> None:
    features = torch.full((1, 128, 1, 1), 100.0, dtype=torch.float16)
    assert attention_energy(features).item() == 128 * 100**2  # over float16's 65,504


@pytest.mark.parametrize("energy_norm", ["none", "standardize"])
def test_attention_maps_sum_to_one(energy_norm: str) -> None:
    maps = AttentionGenerator(energy_norm=energy_norm).attention(
        torch.randn(3, 8, 5, 7)
    )
    assert maps.dtype == torch.float32
    torch.testing.assert_close(maps.sum(dim=(1, 2)), torch.ones(3))


def test_attention_map_by_hand() -> None:
    # Energies 0 and ln 3: a softmax of 1/4 and 3/4.
    features = torch.tensor([[[[0.0, math.sqrt(math.log(3))]]]])
    maps = AttentionGenerator(energy_norm="none").attention(features)
    torch.testing.assert_close(maps, torch.tensor([[[0.25, 0.75]]]))


def test_temperature_divides_the_energies() -> None:
    features = torch.randn(2, 8, 5, 7)
    plain = AttentionGenerator(energy_norm="none")
    warm = AttentionGenerator(energy_norm="none", temperature=4.0)
    torch.testing.assert_close(warm.attention(features), plain.attention(features / 2))


def test_standardised_energy_has_zero_mean_and_unit_variance() -> None:
    energy = standardize_energy(torch.rand(2, 8, 9) * 5000 + 300)
    torch.testing.assert_close(
        energy.mean(dim=(1, 2)), torch.zeros(2), atol=1e-4, rtol=0
    )
    torch.testing.assert_close(energy.var(dim=(1, 2), correction=0), torch.ones(2))


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e4])
def test_standardising_knows_no_scale(size: float) -> None:
    energy = torch.rand(2, 8, 9, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        standardize_energy(size * energy),
        standardize_energy(energy),
        rtol=1e-4,
        atol=1e-4,
    )


def test_constant_map_has_neither_attention_nor_gradient() -> None:
    # Rounding alone: these energies differ in the last digit of float32.
    energy = torch.full((1, 8, 9), 3600.3)
    energy[0, ::2] = torch.nextafter(energy[0, ::2], torch.tensor(torch.inf))
    energy.requires_grad_()
    normalized = standardize_energy(energy)
    assert not normalized.any()
    normalized.square().sum().backward()
    assert energy.grad is not None
    assert not energy.grad.any()


@pytest.mark.parametrize("mapping", ["sum", "mean", "max"])
@pytest.mark.parametrize("power", [1.0, 1.5, 2.0])
def test_gradient_is_finite_where_features_are_zero(mapping: str, power: float) -> None:
    features = torch.randn(2, 8, 5, 7).relu().requires_grad_()
    generator = AttentionGenerator(mapping=mapping, power=power)
    generator.attention(features).square().sum().backward()
    assert features.grad is not None
    assert features.grad.any()
    assert features.grad.isfinite().all()


def test_resize_comes_before_the_softmax() -> None:
    energy = torch.rand(2, 4, 6)
    generator = AttentionGenerator()
    resized = generator.log_attention(energy, (8, 12))
    assert resized.shape == (2, 8, 12)
    torch.testing.assert_close(resized.exp().sum(dim=(1, 2)), torch.ones(2))
    doubled = torch.nn.functional.interpolate(energy[:, None], scale_factor=2.0)[:, 0]
    assert not torch.allclose(resized, generator.log_attention(doubled))  # bilinear


def test_entropy_share_of_known_maps() -> None:
    uniform = torch.full((1, 4, 4), 1 / 16)
    one_hot = torch.full((1, 4, 4), 1e-30)
    one_hot[0, 1, 2] = 1
    half = torch.full((1, 4, 4), 1e-30)
    half[0, 0] = 1 / 4
    assert entropy_share(uniform.log()).item() == pytest.approx(1.0)
    assert entropy_share(one_hot.log()).item() == pytest.approx(0, abs=1e-6)
    assert entropy_share(half.log()).item() == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"mapping": "min"}, "'max', 'mean', 'sum'.*'min'", id="mapping"),
        pytest.param({"energy_norm": "l7"}, "none.*standardize.*'l7'", id="norm"),
        pytest.param({"power": 0.5}, "power must be at least 1, got 0.5", id="power"),
        pytest.param({"temperature": -1.0}, "temperature must be", id="temperature"),
    ],
)
def test_bad_arguments(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AttentionGenerator(**options)

"""SAD on an ENet's own features: the claims that decide whether it trains."""

import math

import pytest
import torch
from torch import Tensor

from lanedet.models import ENet, GradientMonitor, SelfAttentionDistiller
from lanedet.models.distillation.sad import (
    attention_energy,
    entropy_share,
    sad_loss,
    spatial_softmax,
    standardize_energy,
)


@pytest.fixture(scope="module")
def enet_features() -> dict[str, Tensor]:
    """Features of an untrained ENet in training mode, as at the start of training."""
    torch.manual_seed(0)
    with torch.no_grad():
        return dict(ENet().train()(torch.randn(2, 3, 96, 160)))


def leaves(features: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: x.clone().requires_grad_() for name, x in features.items()}


def distil(features: dict[str, Tensor], **options: object) -> dict[str, Tensor]:
    distiller = SelfAttentionDistiller(**{"start": 0.0, **options})  # type: ignore[arg-type]
    return distiller(features)


def test_energy_is_the_sum_of_squares_over_channels() -> None:
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, -4.0]]]])  # (1, 2, 1, 2)
    assert attention_energy(features).tolist() == [[[10.0, 20.0]]]


def test_energy_of_half_precision_is_summed_in_float32() -> None:
    features = torch.full((1, 128, 1, 1), 100.0, dtype=torch.float16)
    assert attention_energy(features).item() == 128 * 100**2  # over float16's 65,504


def test_attention_map_sums_to_one() -> None:
    maps = spatial_softmax(torch.randn(3, 5, 7))
    assert maps.dtype == torch.float32
    torch.testing.assert_close(maps.sum(dim=(1, 2)), torch.ones(3))


def test_loss_by_hand() -> None:
    attention = torch.tensor([[[0.5, 0.5]], [[1.0, 0.0]]])  # two images of 1x2 pixels
    target = torch.tensor([[[0.25, 0.75]], [[0.0, 1.0]]])
    # (2 * 0.25^2 + 2 * 1^2) / 2: summed over pixels, averaged over images
    assert sad_loss(attention, target).item() == pytest.approx(1.0625)


def test_loss_of_identical_maps_is_zero(enet_features: dict[str, Tensor]) -> None:
    same = enet_features["E3"]
    assert distil({"E2": same, "E3": same, "E4": same})["loss_sad"].item() == 0


def test_gradient_reaches_the_shallower_stage_only(
    enet_features: dict[str, Tensor],
) -> None:
    features = leaves(enet_features)
    distil(features, paths=[("E2", "E3")])["loss_sad"].backward()
    assert features["E2"].grad is not None
    assert features["E2"].grad.abs().sum() > 0
    assert torch.isfinite(features["E2"].grad).all()
    assert features["E3"].grad is None or not features["E3"].grad.any()


def test_default_paths_leave_the_deepest_stage_alone(
    enet_features: dict[str, Tensor],
) -> None:
    features = leaves(enet_features)
    distil(features)["loss_sad"].backward()
    for stage in ("E2", "E3"):
        gradient = features[stage].grad
        assert gradient is not None
        assert gradient.abs().sum() > 0
    assert features["E4"].grad is None or not features["E4"].grad.any()


def test_sad_moves_the_shallow_map_towards_the_deep_one(
    enet_features: dict[str, Tensor],
) -> None:
    features = leaves(enet_features)
    before = distil(features, paths=[("E2", "E3")])["loss_sad"]
    before.backward()
    gradient = features["E2"].grad
    assert gradient is not None
    with torch.no_grad():
        # An exact small step: the first-order gain is |g| times its length.
        step = 1e-2 * features["E2"].norm() / gradient.norm()
        features["E2"] -= step * gradient
        after = distil(features, paths=[("E2", "E3")])["loss_sad"]
    assert after < before


def test_formula_as_printed_has_no_gradient(enet_features: dict[str, Tensor]) -> None:
    features = leaves(enet_features)
    outputs = distil(features, energy_norm="none")
    outputs["loss_sad"].backward()
    assert outputs["attention_entropy_E2"] < 1e-3
    for stage in ("E2", "E3"):
        gradient = features[stage].grad
        assert gradient is not None
        assert not gradient.any()


def test_standardised_maps_keep_their_entropy(
    enet_features: dict[str, Tensor],
) -> None:
    outputs = distil(enet_features)
    for stage in ("E2", "E3", "E4"):
        assert 0.5 < outputs[f"attention_entropy_{stage}"] < 1


def test_standardised_energy_has_zero_mean_and_unit_variance() -> None:
    energy = standardize_energy(torch.rand(2, 8, 9) * 5000 + 300)
    torch.testing.assert_close(
        energy.mean(dim=(1, 2)), torch.zeros(2), atol=1e-4, rtol=0
    )
    torch.testing.assert_close(energy.var(dim=(1, 2), correction=0), torch.ones(2))


def test_constant_map_has_no_attention_and_no_nan() -> None:
    constant = torch.full((1, 4, 5, 6), 3.0, requires_grad=True)
    peaked = torch.zeros(1, 4, 5, 6)
    peaked[..., 2, 3] = 9
    loss = distil({"a": constant, "b": peaked}, paths=[("a", "b")])["loss_sad"]
    loss.backward()
    assert torch.isfinite(loss)
    assert constant.grad is not None
    assert torch.isfinite(constant.grad).all()


@pytest.mark.parametrize("side", [6, 24, 96])
def test_value_does_not_shrink_with_resolution(side: int) -> None:
    # Attention on the left or on the right half's one brightest pixel: the loss of
    # two disjoint one-hot maps is 2 at any size. Averaged over pixels it would be
    # 2 / side^2, 256 times less at 96 than at 6.
    energy = torch.zeros(2, side, side)
    energy[0, side // 2, 0] = energy[1, side // 2, -1] = 1e4
    left, right = spatial_softmax(energy)[:, None]
    assert sad_loss(left, right).item() == pytest.approx(2.0)


def test_value_keeps_up_with_a_pixel_mean_times_the_pixels() -> None:
    torch.manual_seed(0)
    network = ENet().train()
    for size in ((64, 96), (128, 192)):
        with torch.no_grad():
            features = network(torch.randn(2, 3, *size))
        maps = [
            spatial_softmax(standardize_energy(attention_energy(features[stage])))
            for stage in ("E2", "E3")
        ]
        mean = torch.nn.functional.mse_loss(*maps)
        num_pixels = size[0] * size[1] // 64
        torch.testing.assert_close(sad_loss(*maps), mean * num_pixels)


def test_stages_of_different_size_meet_by_bilinear_resize() -> None:
    # A linear ramp of energies stays linear under bilinear resize, but at the ends.
    ramp = torch.arange(8.0).sqrt()[None, None, None, :].expand(1, 1, 4, 8)
    coarse = torch.nn.functional.avg_pool2d(ramp.square(), 2).sqrt()
    outputs = distil({"fine": ramp, "coarse": coarse}, paths=[("fine", "coarse")])
    assert outputs["loss_sad"].item() < 1e-4


@pytest.mark.parametrize(
    ("progress", "expected"),
    [(0.0, 0.0), (0.49, 0.0), (0.5, 0.0), (0.6, 0.05), (0.7, 0.1), (1.0, 0.1)],
)
def test_weight_ramps_up_after_the_start(progress: float, expected: float) -> None:
    distiller = SelfAttentionDistiller(weight=0.1, start=0.5, ramp=0.2)
    distiller.progress = progress
    assert distiller.current_weight() == pytest.approx(expected)


def test_without_ramp_the_weight_is_whole_at_once() -> None:
    distiller = SelfAttentionDistiller(weight=0.1, start=2 / 3)
    distiller.progress = 1199 / 1800
    assert distiller.current_weight() == 0
    distiller.progress = 1200 / 1800
    assert distiller.current_weight() == pytest.approx(0.1)


def test_nothing_is_computed_before_the_start(
    enet_features: dict[str, Tensor],
) -> None:
    assert distil(enet_features, start=0.5) == {}


def test_entropy_share_of_known_maps() -> None:
    uniform = torch.full((1, 4, 4), 1 / 16)
    one_hot = torch.zeros(1, 4, 4)
    one_hot[0, 1, 2] = 1
    half = torch.zeros(1, 4, 4)
    half[0, 0] = 1 / 4
    assert entropy_share(uniform).item() == pytest.approx(1.0)
    assert entropy_share(one_hot).item() == 0
    assert entropy_share(half).item() == pytest.approx(math.log(4) / math.log(16))


def test_monitor_separates_sad_from_the_other_gradients(
    enet_features: dict[str, Tensor],
) -> None:
    distiller = SelfAttentionDistiller(start=0.0, paths=[("E2", "E3")])

    def backward(with_sad: bool, with_other: bool) -> Tensor:
        features = leaves(enet_features)
        loss = features["E2"].mean() * with_other
        if with_sad:
            loss = loss + distiller(features)["loss_sad"]
        loss.backward()
        assert features["E2"].grad is not None
        return features["E2"].grad

    sad, other = backward(True, False).norm(), backward(False, True).norm()
    distiller.monitor = GradientMonitor()
    backward(True, True)
    assert distiller.monitor.shares() == pytest.approx(
        {"E2": float(sad / other)}, rel=1e-3
    )
    assert distiller.monitor.shares() == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"paths": []}, "at least one", id="no path"),
        pytest.param({"weight": 0.0}, "distiller=None", id="no weight"),
        pytest.param({"start": 1.0}, r"start must lie in \[0, 1\)", id="start"),
        pytest.param({"ramp": -0.1}, "ramp in", id="ramp"),
        pytest.param({"energy_norm": "l7"}, "none.*standardize.*'l7'", id="norm"),
    ],
)
def test_bad_arguments(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SelfAttentionDistiller(**options)  # type: ignore[arg-type]


def test_unknown_stage(enet_features: dict[str, Tensor]) -> None:
    with pytest.raises(ValueError, match=r"\['E5'\].*Its stages are \['E1', 'E2'"):
        distil(enet_features, paths=[("E4", "E5")])

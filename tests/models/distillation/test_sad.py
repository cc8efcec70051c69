"""SAD on an ENet's own features: the claims that decide whether it trains."""

import pytest
import torch
from torch import Tensor, nn

from lanedet.models import (
    AttentionGenerator,
    ENet,
    GradientMonitor,
    SelfAttentionDistiller,
)
from lanedet.models.distillation.sad import (
    DIVERGENCES,
    REDUCTIONS,
    kl_divergence,
    squared_difference,
    sum_over_pixels,
)

RAW = AttentionGenerator(energy_norm="none")


@pytest.fixture(scope="module")
def enet_features() -> dict[str, Tensor]:
    """Features of an untrained ENet in training mode, as at the start of training.

    Without dropout, whose masks for one seed differ between releases of torch.
    """
    torch.manual_seed(0)
    network = ENet().train()
    for module in network.modules():
        if isinstance(module, nn.Dropout2d):
            module.eval()
    with torch.no_grad():
        return dict(network(torch.randn(2, 3, 96, 160)))


def leaves(features: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: x.clone().requires_grad_() for name, x in features.items()}


def distil(features: dict[str, Tensor], **options: object) -> dict[str, Tensor]:
    distiller = SelfAttentionDistiller(**{"start": 0.0, **options})  # type: ignore[arg-type]
    return distiller(features)


def test_loss_by_hand() -> None:
    attention = torch.tensor([[[0.5, 0.5]], [[0.9, 0.1]]])  # two images of 1x2 pixels
    target = torch.tensor([[[0.25, 0.75]], [[0.1, 0.9]]])
    terms = squared_difference(attention.log(), target.log())
    # (2 * 0.25^2 + 2 * 0.8^2) / 2: summed over pixels, averaged over images
    assert REDUCTIONS["sum"](terms).item() == pytest.approx(0.7025)
    assert REDUCTIONS["mean"](terms).item() == pytest.approx(0.7025 / 2)


def test_kl_divergence_by_hand() -> None:
    attention = torch.tensor([[[0.5, 0.5]]])
    target = torch.tensor([[[0.25, 0.75]]])
    terms = kl_divergence(attention.log(), target.log())
    # 0.25 ln(0.25 / 0.5) + 0.75 ln(0.75 / 0.5)
    assert sum_over_pixels(terms).item() == pytest.approx(0.130812, abs=1e-6)


def test_kl_divergence_is_that_of_torch(enet_features: dict[str, Tensor]) -> None:
    generator = AttentionGenerator()
    first, second = (
        generator.log_attention(generator.energy(enet_features[stage]))
        for stage in ("E2", "E3")
    )
    expected = torch.nn.functional.kl_div(
        first.flatten(1), second.flatten(1), log_target=True, reduction="batchmean"
    )
    torch.testing.assert_close(sum_over_pixels(kl_divergence(first, second)), expected)


@pytest.mark.parametrize("divergence", DIVERGENCES)
def test_loss_of_identical_maps_is_zero(
    enet_features: dict[str, Tensor], divergence: str
) -> None:
    same = enet_features["E3"]
    outputs = distil({"E2": same, "E3": same, "E4": same}, divergence=divergence)
    assert outputs["loss_sad"].item() == 0


@pytest.mark.parametrize("divergence", DIVERGENCES)
@pytest.mark.parametrize("energy_norm", ["none", "standardize"])
def test_loss_and_gradient_are_finite_under_autocast(
    enet_features: dict[str, Tensor], divergence: str, energy_norm: str
) -> None:
    features = {name: x * 30 for name, x in leaves(enet_features).items()}
    with torch.autocast("cpu", torch.bfloat16):
        loss = distil(
            features,
            divergence=divergence,
            attention=AttentionGenerator(energy_norm=energy_norm),
        )["loss_sad"]
    assert loss.dtype == torch.float32
    gradients = torch.autograd.grad(loss, [features["E2"], features["E3"]])
    assert torch.isfinite(loss)
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


def test_backward_distillation_moves_the_deep_stage_only(
    enet_features: dict[str, Tensor],
) -> None:
    features = leaves(enet_features)
    # E1 is twice as large as E2: the target is made smaller here.
    distil(features, paths=[("E2", "E1")])["loss_sad"].backward()
    assert features["E2"].grad is not None
    assert features["E2"].grad.any()
    assert features["E1"].grad is None or not features["E1"].grad.any()


def test_targets_get_a_gradient_where_they_are_not_detached(
    enet_features: dict[str, Tensor],
) -> None:
    features = leaves(enet_features)
    paths = [("E1", "E2")]
    distil(features, paths=paths, detach_target=False)["loss_sad"].backward()
    assert features["E1"].grad is not None
    assert features["E2"].grad is not None
    assert features["E1"].grad.any()
    assert features["E2"].grad.any()


def test_paths_add_up(enet_features: dict[str, Tensor]) -> None:
    def loss(*paths: tuple[str, str]) -> Tensor:
        return distil(enet_features, paths=paths)["loss_sad"]

    torch.testing.assert_close(
        loss(("E1", "E4"), ("E2", "E3")), loss(("E1", "E4")) + loss(("E2", "E3"))
    )


@pytest.mark.parametrize(
    ("divergence", "gradient"), [("l2", [0.0, 0.0]), ("kl", [2.0, -0.2])]
)
def test_kl_of_raw_energies_has_a_gradient_where_l2_has_none(
    divergence: str, gradient: list[float]
) -> None:
    # Energies of 100 and 1 make a one-hot map, too far apart for a gradient of the
    # softmax in float32. That of KL by the energies is pupil - target, (1, -1), and
    # that of the energies by the features is 2 x, (20, 2): 0.1 * (1 * 20, -1 * 2).
    shallow = torch.tensor([[[[10.0, 1.0]]]], requires_grad=True)
    distil(
        {"shallow": shallow, "deep": torch.tensor([[[[0.0, 20.0]]]])},
        paths=[("shallow", "deep")],
        attention=RAW,
        divergence=divergence,
        weight=0.1,
    )["loss_sad"].backward()
    assert shallow.grad is not None
    assert shallow.grad.flatten().tolist() == pytest.approx(gradient)


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
        # An exact small step: the first-order gain is |g| times its length. A step of
        # 1e-2 passes the minimum with some features.
        step = 1e-3 * features["E2"].norm() / gradient.norm()
        features["E2"] -= step * gradient
        after = distil(features, paths=[("E2", "E3")])["loss_sad"]
    assert after < before


def test_formula_as_printed_has_no_gradient(enet_features: dict[str, Tensor]) -> None:
    features = leaves(enet_features)
    outputs = distil(features, attention=RAW)
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
    # Attention on one pixel at the left or on one at the right: the loss of two
    # disjoint one-hot maps is 2 at any size. Averaged over pixels it would be
    # 2 / side^2, 256 times less at 96 than at 6.
    features = torch.zeros(2, 1, 1, side, side)
    features[0, ..., side // 2, 0] = features[1, ..., side // 2, -1] = 100
    outputs = distil(
        {"left": features[0], "right": features[1]},
        paths=[("left", "right")],
        attention=RAW,
        weight=1.0,
    )
    assert outputs["loss_sad"].item() == pytest.approx(2.0)


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
        pytest.param({"divergence": "l7"}, "'kl', 'l2'.*'l7'", id="divergence"),
        pytest.param({"reduction": "max"}, "'mean', 'sum'.*'max'", id="reduction"),
        pytest.param({"paths": [("E2", "E2")]}, "mimic itself.*'E2'", id="itself"),
        pytest.param({"paths": ["E2", "E3"]}, r"pairs .*\['E2', 'E3'\]", id="flat"),
        pytest.param({"paths": [("E2", "E3", "E4")]}, "pairs .*'E4'", id="chain"),
        pytest.param(
            {"attention": {"energy_norm": "l7"}}, "energy_norm .*'l7'", id="norm"
        ),
    ],
)
def test_bad_arguments(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SelfAttentionDistiller(**options)  # type: ignore[arg-type]


def test_unknown_stage(enet_features: dict[str, Tensor]) -> None:
    with pytest.raises(ValueError, match=r"\['E5'\].*Its stages are \['E1', 'E2'"):
        distil(enet_features, paths=[("E4", "E5")])

"""The presets: what each really optimises."""

import numpy as np
import pytest
import torch
from torch import Tensor

from lanedet.models import SAD_PRESETS, ENet, LabelRegression, sad_preset
from lanedet.structures import LaneSample


@pytest.fixture(scope="module")
def enet_features() -> dict[str, Tensor]:
    torch.manual_seed(0)
    with torch.no_grad():
        return dict(ENet().train()(torch.randn(2, 3, 96, 160)))


@pytest.fixture
def samples() -> list[LaneSample]:
    samples = [LaneSample(), LaneSample()]
    for sample in samples:
        sample.gt_class_map = np.zeros((96, 160), np.uint8)
        sample.gt_class_map[40:, 70:75] = 2
    return samples


def gradients(
    name: str, features: dict[str, Tensor], samples: list[LaneSample]
) -> dict[str, float]:
    inputs = {stage: x.clone().requires_grad_() for stage, x in features.items()}
    outputs = sad_preset(name, start=0.0)(inputs, samples)
    sum(value for key, value in outputs.items() if "loss" in key).backward()
    return {
        stage: 0.0 if x.grad is None else x.grad.norm().item()
        for stage, x in inputs.items()
    }


def test_as_printed_nothing_gets_a_gradient(enet_features, samples):
    assert not any(gradients("paper", enet_features, samples).values())


def test_standardised_the_pupils_get_one(enet_features, samples):
    norms = gradients("standardized", enet_features, samples)
    assert {stage for stage, norm in norms.items() if norm} == {"E2", "E3"}
    assert min(norms["E2"], norms["E3"]) > 1e-5


def test_mean_reduced_is_divided_by_the_pixels(enet_features):
    features = {"E2": enet_features["E2"], "E3": enet_features["E3"]}
    options = {"start": 0.0, "weight": 1.0, "paths": [("E2", "E3")]}
    summed = sad_preset("paper", **options)(features)["loss_sad"]
    averaged = sad_preset("mean-reduced", **options)(features)["loss_sad"]
    torch.testing.assert_close(averaged * 12 * 20, summed)


def test_label_regression_by_hand(samples):
    # Equal energies in a batch of two: the softmax over the batch is 1/2 everywhere,
    # background pixels are labelled 1 and those of lane 2 are labelled 3.
    features = {"E2": torch.ones(2, 4, 12, 20)}
    regression = LabelRegression(taps=[["E2"]], weight=1.0, start=0.0)
    loss = regression(features, samples)["loss_label_regression"]
    share = 56 * 5 / (96 * 160)
    expected = (1 - share) * 0.5**2 + share * 2.5**2
    assert loss.item() == pytest.approx(expected)


def test_label_regression_knows_one_map_only_at_batch_one(enet_features, samples):
    # The softmax over a batch of one is 1 whatever the features are.
    features = {stage: x[:1] for stage, x in enet_features.items()}
    assert not any(gradients("authors-lua", features, samples[:1]).values())


@pytest.mark.parametrize("taps", [[], [[]], ["E2", "E3"]])
def test_label_regression_wants_lists_of_stages(taps):
    with pytest.raises(ValueError, match="taps must be lists of stage names"):
        LabelRegression(taps=taps)


def test_label_regression_waits_for_its_start(enet_features, samples):
    assert LabelRegression()(enet_features, samples) == {}


def test_a_preset_can_be_changed():
    assert sad_preset("paper", weight=0.3).weight == 0.3


def test_unknown_preset():
    with pytest.raises(ValueError, match=r"'authors-lua'.*'paper'.*got 'sad'"):
        sad_preset("sad")


@pytest.mark.parametrize("name", SAD_PRESETS)
def test_every_preset_refuses_unknown_stages(name):
    with pytest.raises(ValueError, match="Its stages are"):
        sad_preset(name, start=0.0)({"stem": torch.ones(1, 1, 2, 2)})

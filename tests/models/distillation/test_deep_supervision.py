import math

import numpy as np
import pytest
import torch
from torch import Tensor

from lanedet.models import DeepSupervision
from lanedet.structures import LaneSample


def labels() -> list[LaneSample]:
    sample = LaneSample()
    sample.gt_class_map = np.zeros((8, 16), np.uint8)
    sample.gt_class_map[:, 4:8] = 1
    return [sample, sample]


def supervise(*stages: str, num_lanes: int = 2, **options: float) -> DeepSupervision:
    """Return a supervision that is attached to the features below."""
    supervision = DeepSupervision(stages=stages, **options)
    supervision.attach({"a": 3, "b": 5}, num_lanes, (8, 16))
    return supervision


@pytest.fixture
def features() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return {"a": torch.randn(2, 3, 4, 8), "b": torch.randn(2, 5, 1, 2)}


def test_uniform_logits_by_hand(features: dict[str, Tensor]) -> None:
    supervision = supervise("a", "b", weight=0.25)
    for parameter in supervision.parameters():
        torch.nn.init.zeros_(parameter)
    losses = supervision(features, labels())
    assert list(losses) == ["loss_deep_supervision"]
    # Two stages, each as unsure of three classes as can be.
    expected = 0.25 * 2 * math.log(3)
    assert losses["loss_deep_supervision"].item() == pytest.approx(expected)


def test_perfect_stage_has_no_loss() -> None:
    one_hot = torch.zeros(2, 3, 8, 16)
    one_hot[:, 0] = 1
    one_hot[:, 0, :, 4:8] = 0
    one_hot[:, 1, :, 4:8] = 1
    supervision = supervise("a")
    with torch.no_grad():
        supervision.classifiers[0].weight.copy_(50 * torch.eye(3)[:, :, None, None])
    loss = supervision({"a": one_hot}, labels())["loss_deep_supervision"]
    assert loss.item() < 1e-6


def test_gradient_reaches_stages_and_classifiers(features: dict[str, Tensor]) -> None:
    for feature in features.values():
        feature.requires_grad_()
    supervision = supervise("a", "b")
    supervision(features, labels())["loss_deep_supervision"].backward()
    for tensor in (*features.values(), *supervision.parameters()):
        assert tensor.grad is not None
        assert tensor.grad.abs().sum() > 0


def test_nothing_before_its_start(features: dict[str, Tensor]) -> None:
    supervision = supervise("a", start=0.5)
    assert supervision(features, labels()) == {}
    supervision.progress = 0.5
    assert supervision(features, labels())


def test_half_precision(features: dict[str, Tensor]) -> None:
    supervision = supervise("a")
    exact = supervision(features, labels())["loss_deep_supervision"]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = supervision(features, labels())["loss_deep_supervision"]
    assert mixed.dtype == torch.float32
    torch.testing.assert_close(mixed, exact, rtol=1e-2, atol=1e-3)


def test_a_classifier_for_each_stage_and_slot() -> None:
    shapes = [
        tuple(each.weight.shape) for each in supervise("b", num_lanes=4).classifiers
    ]
    assert shapes == [(5, 5, 1, 1)]
    assert DeepSupervision.has_parameters


@pytest.mark.parametrize("stages", [[], "a"])
def test_stages_are_a_list_of_names(stages: object) -> None:
    with pytest.raises(ValueError, match="stages must name at least one stage, got"):
        DeepSupervision(stages=stages)


def test_a_stage_that_is_not_there() -> None:
    with pytest.raises(ValueError, match=r"names stages \['z'\] .*\['a', 'b'\]"):
        supervise("z")


def test_it_must_be_attached(features: dict[str, Tensor]) -> None:
    with pytest.raises(ValueError, match="must be attached to a network: call attach"):
        DeepSupervision(stages=["a"])(features, labels())

import math

import pytest
import torch
from torch import Tensor

from lanedet.models import DeepSupervision
from lanedet.structures import LaneSample


def labels(num_lanes: int = 2) -> list[LaneSample]:
    sample = LaneSample()
    sample.gt_class_map = torch.zeros(8, 16, dtype=torch.uint8)
    sample.gt_class_map[:, 4:8] = 1
    sample.gt_existence = torch.eye(num_lanes)[0]
    return [sample, sample]


@pytest.fixture
def features() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return {"a": torch.randn(2, 3, 4, 8), "b": torch.randn(2, 5, 1, 2)}


def test_uniform_logits_by_hand(features: dict[str, Tensor]) -> None:
    supervision = DeepSupervision(stages={"a": 3, "b": 5}, num_lanes=2, weight=0.25)
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
    supervision = DeepSupervision(stages={"a": 3}, num_lanes=2)
    with torch.no_grad():
        supervision.classifiers[0].weight.copy_(50 * torch.eye(3)[:, :, None, None])
    loss = supervision({"a": one_hot}, labels())["loss_deep_supervision"]
    assert loss.item() < 1e-6


def test_gradient_reaches_stages_and_classifiers(features: dict[str, Tensor]) -> None:
    for feature in features.values():
        feature.requires_grad_()
    supervision = DeepSupervision(stages={"a": 3, "b": 5}, num_lanes=2)
    supervision(features, labels())["loss_deep_supervision"].backward()
    for tensor in (*features.values(), *supervision.parameters()):
        assert tensor.grad is not None
        assert tensor.grad.abs().sum() > 0


def test_nothing_before_its_start(features: dict[str, Tensor]) -> None:
    supervision = DeepSupervision(stages={"a": 3}, num_lanes=2, start=0.5)
    assert supervision(features, labels()) == {}
    supervision.progress = 0.5
    assert supervision(features, labels())


def test_half_precision(features: dict[str, Tensor]) -> None:
    supervision = DeepSupervision(stages={"a": 3}, num_lanes=2)
    exact = supervision(features, labels())["loss_deep_supervision"]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = supervision(features, labels())["loss_deep_supervision"]
    assert mixed.dtype == torch.float32
    torch.testing.assert_close(mixed, exact, rtol=1e-2, atol=1e-3)


def test_bad_input(features: dict[str, Tensor]) -> None:
    with pytest.raises(ValueError, match="channels of at least one stage"):
        DeepSupervision(stages={}, num_lanes=2)
    supervision = DeepSupervision(stages={"z": 3}, num_lanes=2)
    with pytest.raises(ValueError, match=r"reads the stage 'z'.*\['a', 'b'\]"):
        supervision(features, labels())
    with pytest.raises(ValueError, match=r"num_lanes=2, but the labels .* for \[4\]"):
        supervision(features, labels(4))

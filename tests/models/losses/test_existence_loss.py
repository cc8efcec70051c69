import math

import pytest
import torch

from lanedet.models import ExistenceLoss


def test_known_value() -> None:
    logits = torch.tensor([[0.0, 0.0, 100.0]])
    existence = torch.tensor([[1.0, 0.0, 1.0]])
    loss = ExistenceLoss(loss_weight=0.1)(logits, existence)
    assert loss.item() == pytest.approx(0.1 * 2 * math.log(2) / 3)


def test_perfect_prediction_has_no_loss() -> None:
    existence = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    assert ExistenceLoss()(100 * (existence - 0.5), existence).item() < 1e-6


def test_half_precision_logits_are_scored_in_float32() -> None:
    logits = torch.tensor([[6e4, -6e4]], dtype=torch.float16, requires_grad=True)
    existence = torch.tensor([[0.0, 1.0]])  # as wrong as can be
    loss = ExistenceLoss(loss_weight=1.0)(logits, existence)
    loss.backward()
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(6e4, rel=1e-3)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()

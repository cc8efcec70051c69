import math

import pytest
import torch

from lanedet.models import ExistenceLoss


def test_known_value() -> None:
    logits = torch.tensor([[0.0, 0.0, 100.0]])
    existence = torch.tensor([[1.0, 0.0, 1.0]])
    loss = ExistenceLoss(loss_weight=0.1)(logits, existence)
    assert loss.item() == pytest.approx(0.1 * 2 * math.log(2) / 3)

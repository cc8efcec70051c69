import math

import pytest
import torch
from torch.nn import functional as F

from lanedet.models import SegmentationLoss


def test_known_value_of_uniform_logits() -> None:
    logits = torch.zeros(2, 3, 4, 5)
    class_map = torch.randint(0, 3, (2, 4, 5))
    assert SegmentationLoss()(logits, class_map).item() == pytest.approx(math.log(3))


def test_perfect_prediction_has_no_loss() -> None:
    class_map = torch.tensor([[[0, 1, 2], [2, 0, 0]]])
    logits = 50 * F.one_hot(class_map, 3).movedim(-1, 1).float()
    assert SegmentationLoss()(logits, class_map).item() < 1e-6


def test_background_weighs_less() -> None:
    # One background pixel that is right, one lane pixel that is wrong by log(1/p).
    logits = torch.tensor([[[[9.0, 9.0]], [[0.0, 0.0]]]])
    class_map = torch.tensor([[[0, 1]]])
    right, wrong = math.log1p(math.exp(-9)), 9 + math.log1p(math.exp(-9))
    expected = (0.4 * right + 1.0 * wrong) / 1.4
    loss = SegmentationLoss(background_weight=0.4)(logits, class_map)
    assert loss.item() == pytest.approx(expected)


def test_half_precision_logits_are_scored_in_float32() -> None:
    logits = torch.zeros(1, 3, 4, 5, dtype=torch.float16)
    loss = SegmentationLoss()(logits, torch.zeros(1, 4, 5, dtype=torch.int64))
    assert loss.dtype == torch.float32


@pytest.mark.parametrize("weight", [0.0, 1.5])
def test_bad_background_weight(weight: float) -> None:
    with pytest.raises(ValueError, match=r"background_weight must lie in \(0, 1\]"):
        SegmentationLoss(background_weight=weight)

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from lanedet.models import SoftIoULoss


def logits_of(class_map: Tensor, num_classes: int, size: float = 50.0) -> Tensor:
    return size * F.one_hot(class_map, num_classes).movedim(-1, 1).float()


def test_perfect_prediction_has_no_loss() -> None:
    class_map = torch.tensor([[[0, 1, 1], [0, 2, 0]]])
    assert SoftIoULoss(1.0)(logits_of(class_map, 3), class_map).item() < 1e-6


def test_known_value() -> None:
    # Class 1: predicted on two pixels, annotated on two, one in common: IoU 1/3.
    truth = torch.tensor([[[1, 1, 0, 0]]])
    predicted = torch.tensor([[[0, 1, 1, 0]]])
    loss = SoftIoULoss(loss_weight=1.0)(logits_of(predicted, 2), truth)
    assert loss.item() == pytest.approx(2 / 3, abs=1e-6)


def test_absent_classes_are_left_out() -> None:
    class_map = torch.tensor([[[1, 0]]])
    few, many = (
        SoftIoULoss(1.0)(logits_of(torch.tensor([[[0, 1]]]), classes), class_map)
        for classes in (2, 7)
    )
    torch.testing.assert_close(few, many)


def test_image_without_lanes_has_no_loss_and_a_finite_gradient() -> None:
    logits = torch.randn(1, 3, 4, 4, requires_grad=True)
    loss = SoftIoULoss()(logits, torch.zeros(1, 4, 4, dtype=torch.int64))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_half_precision_logits_are_counted_in_float32() -> None:
    # 120,000 pixels of one class are more than float16 can count.
    class_map = torch.ones(1, 300, 400, dtype=torch.int64)
    logits = logits_of(class_map, 2).half().requires_grad_()
    loss = SoftIoULoss(loss_weight=1.0)(logits, class_map)
    loss.backward()
    assert loss.dtype == torch.float32
    assert loss.item() < 1e-6
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
